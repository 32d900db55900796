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
    from ({{ months_built(ref('account_activity_months'), 'int_accounts_reopened') }}) as month
    inner join {{ ref('int_holders_scoped') }} as holder
        on month.account_id = holder.account_id and month.month_number >= holder.from_month and holder.is_primary
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
