-- C6: the months of the policy's window up to each month of a product, and as many before
{%- set trend_months = policy_count('withdrawal_trend_months') %}
with

aged as (
    select
        month.source_code,
        month.product_code,
        month.month_number,
        former.contribution_amount,
        former.customer_count,
        month.month_number - former.month_number < {{ trend_months }} as is_recent
    from {{ ref('product_months') }} as month
    inner join {{ ref('product_months') }} as former
        on
            month.source_code = former.source_code
            and month.product_code = former.product_code
            and former.month_number <= month.month_number
            and month.month_number - former.month_number < {{ trend_months }} + {{ trend_months }}
    where month.month_number > {{ business_month() }} - {{ policy_count('curve_window_months') }}
)

select
    source_code,
    product_code,
    month_number,
    {%- for part, condition in {'recent': 'is_recent', 'former': 'not is_recent'}.items() %}
    count(case when {{ condition }} then 1 end) as {{ part }}_count,
    cast(sum(case when {{ condition }} then contribution_amount else 0 end) as decimal(18, 2))
        as {{ part }}_amount,
    cast(sum(case when {{ condition }} then customer_count else 0 end) as decimal(18, 2))
        as {{ part }}_customer_count,
    {%- endfor %}
    {{ trend_months }} as trend_months
from aged
group by source_code, product_code, month_number
