-- what a customer had done and held as of the business date; a closed month keeps what was known at its end.
-- Trailing calendar months, the business month included
{%- set windows = [1, 3, 6, 12] %}
{%- set channels = ['branch', 'self_service', 'phone', 'web', 'mobile', 'card'] %}
with

calendar as (
    select
        month_number,
        day_count,
        {{ business_month() }} - month_number as age_months,
        sum(case when {{ business_month() }} - month_number < 12 then day_count end) over () as year_day_count
    from {{ ref('months') }}
),

aged as (
    select
        month.*,
        calendar.age_months,
        case when calendar.age_months < 12 then calendar.day_count else 0 end as counted_days,
        calendar.year_day_count,
        {{ policy_count('rfm_window_months') }} as rfm_months,
        {{ policy_count('abc_window_months') }} as abc_months
    from {{ ref('customer_months') }} as month
    inner join calendar on month.month_number = calendar.month_number
    where month.month_number > {{ business_month() }} - greatest(
        12, {{ policy_count('rfm_window_months') }}, {{ policy_count('abc_window_months') }}
    )
)

select
    month.customer_id,
    customer.customer_kind_code,
    {{ business_date() }} as last_date,
    cast(sum(case when month.age_months = 0 then month.aum_amount else 0 end) as decimal(18, 2)) as aum_amount,
    cast(sum(case when month.age_months = 0 then month.aum_month_average_amount else 0 end) as decimal(18, 2))
        as aum_month_average_amount,
    {%- for family in ['aum', 'deposit'] %}
    cast(
        cast(sum(month.{{ family }}_month_average_amount * month.counted_days) as decimal(18, 2))
        / max(month.year_day_count) as decimal(18, 2)
    ) as {{ family }}_year_average_amount{{ ',' if not loop.last }}
    {%- endfor %}
    {%- for months in windows %},
    cast(sum(case when month.age_months < {{ months }} then month.transaction_count else 0 end) as bigint)
        as transaction_count_{{ months }}m
    {%- endfor %},
    cast(sum(case when month.age_months < 12 then month.transaction_amount else 0 end) as decimal(18, 2))
        as transaction_amount_12m
    {%- for channel in channels %},
    cast(sum(case when month.age_months < 12 then month.{{ channel }}_channel_count else 0 end) as bigint)
        as {{ channel }}_channel_count_12m
    {%- endfor %},
    cast(sum(case when month.age_months < month.rfm_months then month.transaction_count else 0 end) as bigint)
        as rfm_transaction_count,
    cast(sum(case when month.age_months < month.rfm_months then month.transaction_amount else 0 end) as decimal(18, 2))
        as rfm_transaction_amount,
    cast(sum(case when month.age_months < month.abc_months then month.transaction_amount else 0 end) as decimal(18, 2))
        as abc_transaction_amount,
    max(month.last_active_date) as last_active_date,
    {{ business_month() }} as month_number
from aged as month
inner join {{ ref('customers') }} as customer on month.customer_id = customer.customer_id
group by month.customer_id, customer.customer_kind_code
