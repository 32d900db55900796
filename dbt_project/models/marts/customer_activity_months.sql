-- trailing calendar months, the month itself included (the business month up to the business date)
{%- set windows = [1, 3, 6, 12] %}
{%- set channels = ['branch', 'self_service', 'phone', 'web', 'mobile', 'card'] %}
select
    customer_id,
    customer_kind_code,
    month_number,
    last_date,
    aum_amount,
    aum_month_average_amount
    {%- for months in windows %},
    cast(sum(transaction_count) over trailing_{{ months }} as bigint) as transaction_count_{{ months }}m
    {%- endfor %},
    cast(sum(transaction_amount) over trailing_12 as decimal(18, 2)) as transaction_amount_12m
    {%- for channel in channels %},
    cast(sum({{ channel }}_channel_count) over trailing_12 as bigint) as {{ channel }}_channel_count_12m
    {%- endfor %},
    cast(sum(transaction_count) over so_far as bigint) as transaction_count_so_far,
    cast(sum(transaction_amount) over so_far as decimal(18, 2)) as transaction_amount_so_far,
    max(last_active_date) over so_far as last_active_date
from {{ ref('customer_months') }}
window
    so_far as (
        partition by customer_id
        order by month_number nulls last
        range between unbounded preceding and current row
    ),
    {%- for months in windows %}
    trailing_{{ months }} as (
        partition by customer_id
        order by month_number nulls last
        range between {{ months - 1 }} preceding and current row
    ){{ ',' if not loop.last }}
    {%- endfor %}
