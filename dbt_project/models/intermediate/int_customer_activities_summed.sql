{%- set measures = ['transaction_count', 'transaction_amount'] %}
{%- set channels = ['branch', 'self_service', 'phone', 'web', 'mobile', 'card'] %}
{%- for channel in channels %}
{%- do measures.append(channel ~ '_channel_count') %}
{%- endfor %}
with

done as (
    select
        owned.customer_id,
        month.*
    from {{ ref('account_activity_months') }} as month
    inner join {{ ref('int_accounts_owned') }} as owned on month.account_id = owned.account_id
    {%- if var('since') %}
    where month.month_number = {{ business_month() }}
    union all
    select
        owned.customer_id,
        month.*
    from {{ ref('account_activity_months') }} as month
    inner join {{ ref('int_accounts_owned') }} as owned on month.account_id = owned.account_id
    where
        month.month_number < {{ business_month() }}
        and owned.from_month < {{ business_month() }}
        and month.month_number >= owned.from_month
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
