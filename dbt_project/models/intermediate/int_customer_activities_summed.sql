-- what is done on an account is its primary holder's
{%- set measures = ['transaction_count', 'transaction_amount'] %}
{%- set channels = ['branch', 'self_service', 'phone', 'web', 'mobile', 'card'] %}
{%- for channel in channels %}
{%- do measures.append(channel ~ '_channel_count') %}
{%- endfor %}
with

done as (
    select
        holder.customer_id,
        month.*
    from {{ ref('account_activity_months') }} as month
    inner join {{ ref('int_holders_scoped') }} as holder on month.account_id = holder.account_id and holder.is_primary
    {%- if var('since') %}
    where month.month_number = {{ business_month() }}
    union all
    select
        holder.customer_id,
        month.*
    from {{ ref('account_activity_months') }} as month
    inner join {{ ref('int_holders_scoped') }} as holder on month.account_id = holder.account_id and holder.is_primary
    where
        month.month_number < {{ business_month() }}
        and holder.from_month < {{ business_month() }}
        and month.month_number >= holder.from_month
    {%- endif %}
)

select
    customer_id,
    {%- for measure in measures %}
    sum({{ measure }}) as {{ measure }},
    {%- endfor %}
    max(last_active_date) as last_active_date,
    month_number
from done
group by customer_id, month_number
