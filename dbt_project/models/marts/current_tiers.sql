-- since = the first day of the month from which the customer has been in the tier without a break
with

marked as (
    select
        tier.*,
        month.last_date,
        case
            when tier.tier_code = lag(tier.tier_code) over (
                partition by tier.customer_id, tier.scheme_code
                order by tier.month_number nulls last
            ) then null
            else month.first_date
        end as entered_date
    from {{ ref('tier_months') }} as tier
    inner join {{ ref('months') }} as month on tier.month_number = month.month_number
),

dated as (
    select
        marked.*,
        max(entered_date) over (
            partition by customer_id, scheme_code
            order by month_number nulls last
        ) as since_date
    from marked
)

select
    customer_id,
    scheme_code,
    tier_code,
    tier_rank,
    since_date,
    metric_value,
    threshold_value,
    reason_detail
from dated
where last_date = {{ business_date() }}
