-- C2: the newest full month against the policy's trailing ones, and those against the months before them
{%- set measures = ['aum', 'salary', 'turnover'] %}
{%- set counts = ['transaction', 'active_day', 'card_spend'] %}
with

means as (
    select
        trend.*
        {%- for window in ['trailing', 'former'] %}
        {%- for measure in measures %},
        {{ mean_of(measure ~ '_' ~ window ~ '_amount', window ~ '_count') }} as {{ measure }}_{{ window }}_mean
        {%- endfor %}
        {%- for measure in counts %},
        {{ mean_of(measure ~ '_' ~ window ~ '_count', window ~ '_count') }} as {{ measure }}_{{ window }}_mean
        {%- endfor %}
        {%- endfor %}
    from {{ ref('int_customer_months_trended') }} as trend
)

select
    customer_id,
    cast(aum_trailing_mean as decimal(18, 2)) as aum_trailing_amount,
    {{ change_of('aum_last_amount', 'aum_trailing_mean') }} as aum_last_change,
    {{ change_of('aum_last_amount', 'aum_peak_amount') }} as aum_peak_change
    {%- for measure in measures + counts %},
    {{ change_of(measure ~ '_trailing_mean', measure ~ '_former_mean') }} as {{ measure }}_trend_change
    {%- endfor %},
    {{ change_of('transaction_last_count', 'transaction_trailing_mean') }} as transaction_last_change,
    {{ change_of('active_day_last_count', 'active_day_trailing_mean') }} as active_day_last_change,
    {{ change_of('salary_last_amount', 'salary_trailing_mean') }} as salary_last_change,
    transaction_trailing_count,
    active_day_trailing_count,
    {{ part_of('net_outflow_last_amount', 'aum_trailing_mean') }} as net_outflow_last_share,
    {{ part_of('net_outflow_trailing_amount', 'aum_trailing_mean') }} as net_outflow_trailing_share,
    {{ part_of('own_transfer_out_trailing_amount', 'aum_trailing_mean') }} as own_transfer_out_trailing_share,
    cast(salary_month_count as integer) as salary_month_count,
    {{ last_full_month() }} - salary_month_number as months_since_salary,
    {{ part_of('cast(digital_trailing_count as decimal(18, 0))', 'transaction_trailing_count') }}
        as digital_trailing_share,
    {{ part_of('cast(branch_channel_count as decimal(18, 0))', 'transaction_count') }} as branch_share
from means
