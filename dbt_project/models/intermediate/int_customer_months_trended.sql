-- C1, C2: the last twelve full months of a customer: the newest one, the policy's trailing ones with it, and those
-- before them
{%- set sums = {
    'aum_month_average_amount': 'aum', 'net_outflow_amount': 'net_outflow',
    'own_transfer_out_amount': 'own_transfer_out', 'salary_amount': 'salary', 'transaction_amount': 'turnover'
} %}
{%- set counts = {
    'transaction_count': 'transaction', 'active_day_count': 'active_day', 'card_spend_count': 'card_spend'
} %}
{%- set windows = {'last': 'is_last', 'trailing': 'is_trailing', 'former': 'not is_trailing'} %}
with

aged as (
    select
        month.*,
        month.month_number = {{ last_full_month() }} as is_last,
        month.month_number > {{ last_full_month() }} - {{ policy_count('churn_trailing_months') }} as is_trailing,
        month.web_channel_count + month.mobile_channel_count as digital_count
    from {{ ref('customer_months') }} as month
    where month.month_number <= {{ last_full_month() }} and month.month_number > {{ last_full_month() }} - 12
)

select
    customer_id,
    count(*) as month_count,
    count(case when is_trailing then 1 end) as trailing_count,
    count(case when not is_trailing then 1 end) as former_count
    {%- for window, condition in windows.items() %}
    {%- for amount, name in sums.items() %},
    cast(sum(case when {{ condition }} then {{ amount }} else 0 end) as decimal(18, 2))
        as {{ name }}_{{ window }}_amount
    {%- endfor %}
    {%- for count, name in counts.items() %},
    cast(sum(case when {{ condition }} then {{ count }} else 0 end) as bigint) as {{ name }}_{{ window }}_count
    {%- endfor %}
    {%- endfor %},
    cast(max(aum_month_average_amount) as decimal(18, 2)) as aum_peak_amount,
    count(case when salary_amount > 0 then 1 end) as salary_month_count,
    max(case when salary_amount > 0 then month_number end) as salary_month_number,
    cast(sum(digital_count) as bigint) as digital_count,
    cast(sum(case when is_trailing then digital_count else 0 end) as bigint) as digital_trailing_count,
    cast(sum(branch_channel_count) as bigint) as branch_channel_count,
    cast(sum(transaction_count) as bigint) as transaction_count
from aged
group by customer_id
