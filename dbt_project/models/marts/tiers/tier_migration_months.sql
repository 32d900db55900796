-- T14: who went from which tier to which between the former month end, as it was known then, and the business date
with

before as (
    select
        tier.customer_id,
        tier.scheme_code,
        tier.tier_code,
        activity.aum_amount
    from {{ ref('tier_months') }} as tier
    inner join {{ ref('customer_activity_months') }} as activity
        on tier.customer_id = activity.customer_id and tier.month_number = activity.month_number
    where tier.month_number = {{ business_month() }} - 1 and activity.month_number = {{ business_month() }} - 1
),

after as (
    select
        tier.customer_id,
        tier.scheme_code,
        tier.tier_code,
        activity.aum_amount
    from {{ ref('tier_months') }} as tier
    inner join {{ ref('customer_activity_months') }} as activity
        on tier.customer_id = activity.customer_id and tier.month_number = activity.month_number
    where tier.month_number = {{ business_month() }} and activity.month_number = {{ business_month() }}
),

moved as (
    select
        coalesce(after.scheme_code, before.scheme_code) as scheme_code,
        coalesce(before.tier_code, 'entered') as from_tier_code,
        coalesce(after.tier_code, 'left') as to_tier_code,
        coalesce(after.aum_amount, before.aum_amount) as aum_amount
    from before
    full join after on before.customer_id = after.customer_id and before.scheme_code = after.scheme_code
)

select
    scheme_code,
    from_tier_code,
    to_tier_code,
    cast(count(*) as bigint) as customer_count,
    cast(sum(aum_amount) as decimal(18, 2)) as aum_amount,
    {{ business_month() }} as month_number
from moved
group by scheme_code, from_tier_code, to_tier_code
