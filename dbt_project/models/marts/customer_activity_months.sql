-- what a customer had done and held as of the business date; a closed month keeps what was known at its end.
-- Trailing calendar months, the business month included
{{ config(materialized='monthly', key='customer_id') }}
{%- set windows = [1, 3, 6, 12] %}
{%- set channels = ['branch', 'self_service', 'phone', 'web', 'mobile', 'card'] %}
with

calendar as (
    select
        month_number,
        day_count,
        {{ business_month() }} - month_number as age_months
    from {{ ref('months') }}
),

aged as (
    select
        month.*,
        calendar.age_months,
        calendar.day_count,
        {{ policy_count('rfm_window_months') }} as rfm_months,
        {{ policy_count('abc_window_months') }} as abc_months
    from {{ ref('customer_months') }} as month
    inner join calendar on month.month_number = calendar.month_number
    where month.month_number > {{ business_month() }} - greatest(
        12, {{ policy_count('rfm_window_months') }}, {{ policy_count('abc_window_months') }}
    )
)

select
    aged.customer_id,
    customer.customer_kind_code,
    {{ business_date() }} as last_date,
    cast(sum(case when age_months = 0 then aum_amount else 0 end) as decimal(18, 2)) as aum_amount,
    cast(sum(case when age_months = 0 then aum_month_average_amount else 0 end) as decimal(18, 2))
        as aum_month_average_amount,
    cast(
        cast(sum(case when age_months < 12 then aum_month_average_amount * day_count else 0 end)
            as decimal(18, 2))
        / (select sum(day_count) from calendar where age_months < 12) as decimal(18, 2)
    ) as aum_year_average_amount
    {%- for months in windows %},
    cast(sum(case when age_months < {{ months }} then transaction_count else 0 end) as bigint)
        as transaction_count_{{ months }}m
    {%- endfor %},
    cast(sum(case when age_months < 12 then transaction_amount else 0 end) as decimal(18, 2))
        as transaction_amount_12m
    {%- for channel in channels %},
    cast(sum(case when age_months < 12 then {{ channel }}_channel_count else 0 end) as bigint)
        as {{ channel }}_channel_count_12m
    {%- endfor %},
    cast(sum(case when age_months < rfm_months then transaction_count else 0 end) as bigint)
        as rfm_transaction_count,
    cast(sum(case when age_months < rfm_months then transaction_amount else 0 end) as decimal(18, 2))
        as rfm_transaction_amount,
    cast(sum(case when age_months < abc_months then transaction_amount else 0 end) as decimal(18, 2))
        as abc_transaction_amount,
    max(last_active_date) as last_active_date,
    {{ business_month() }} as month_number
from aged
inner join {{ ref('customers') }} as customer on aged.customer_id = customer.customer_id
group by aged.customer_id, customer.customer_kind_code
