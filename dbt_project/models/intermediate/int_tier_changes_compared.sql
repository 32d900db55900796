-- T13: the tiers of the business date beside those of the former month end, as they were known then; who is watched is
-- told, too. A change has an amount only where both tiers rest on the same measure: a position less yuan is nothing
select
    tier.customer_id,
    tier.scheme_code,
    former.tier_code as former_tier_code,
    former.tier_rank as former_tier_rank,
    former.metric_tier_code as former_metric_tier_code,
    former.state_code as former_state_code,
    former.metric_value as former_metric_value,
    former.threshold_value as former_threshold_value,
    former.rule_code as former_rule_code,
    tier.tier_code,
    tier.tier_rank,
    tier.metric_tier_code,
    tier.state_code,
    tier.metric_value,
    tier.threshold_value,
    tier.rule_code,
    cast(
        case when tier.measure_code = former.measure_code then tier.metric_value - former.metric_value end
        as decimal(18, 4)
    ) as change_amount
from {{ ref('tier_months') }} as tier
inner join {{ ref('tier_months') }} as former
    on tier.customer_id = former.customer_id and tier.scheme_code = former.scheme_code
where
    tier.month_number = {{ business_month() }}
    and former.month_number = {{ business_month() }} - 1
    and (
        tier.tier_code <> former.tier_code
        or tier.metric_tier_code <> former.metric_tier_code
        or tier.state_code <> former.state_code
    )
