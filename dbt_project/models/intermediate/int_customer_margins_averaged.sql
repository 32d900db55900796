-- V7: what a customer brings in a month: the mean of the whole months of the policy's window, and that of the last year
with

aged as (
    select
        customer_id,
        current_value_amount,
        month_number > {{ last_full_month() }} - {{ policy_count('lifetime_margin_months') }} as is_recent
    from {{ ref('customer_value_months') }}
    where month_number > {{ last_full_month() }} - 12 and month_number <= {{ last_full_month() }}
)

select
    customer_id,
    cast(cast(sum(current_value_amount) as decimal(18, 2)) / count(*) as decimal(18, 8)) as year_margin_amount,
    cast(
        cast(sum(case when is_recent then current_value_amount else 0 end) as decimal(18, 2))
        / nullif(sum(case when is_recent then 1 else 0 end), 0) as decimal(18, 8)
    ) as month_margin_amount
from aged
group by customer_id
