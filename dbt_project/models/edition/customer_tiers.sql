select
    cast(tier.customer_id as text) as customer_id,
    cast(customer.branch_id as text) as branch_id,
    cast(tier.scheme_code as text) as scheme_code,
    cast(tier.tier_code as text) as tier_code,
    cast(tier.tier_rank as integer) as tier_rank,
    cast(tier.state_code as text) as state_code,
    cast(tier.since_date as date) as since_date,
    cast(tier.metric_value as decimal(18, 4)) as metric_value,
    cast(tier.threshold_value as decimal(18, 4)) as threshold_value,
    cast(tier.rule_code as text) as reason_code,
    cast(tier.reason_detail as text) as reason_detail,
    {{ business_date() }} as business_date,
    cast(
        case
            when tier.next_threshold_value is not null then greatest(tier.next_threshold_value - tier.metric_value, 0)
        end
        as decimal(18, 4)
    ) as next_distance,
    cast(tier.metric_value - tier.threshold_value as decimal(18, 4)) as lower_distance,
    cast(keeper.owner_manager_id as text) as owner_manager_id,
    cast(keeper.credited_manager_id as text) as credited_manager_id,
    cast(play.play_code as text) as play_code,
    cast(tier.metric_tier_code as text) as metric_tier_code,
    cast(gift.gift_code as text) as gift_code,
    cast(not coalesce(objection.is_opted_out, false) as boolean) as is_machine_decided
from {{ ref('current_tiers') }} as tier
inner join {{ ref('customers') }} as customer on tier.customer_id = customer.customer_id
left join {{ ref('int_customer_keepers_derived') }} as keeper on tier.customer_id = keeper.customer_id
left join {{ ref('customer_objections') }} as objection on tier.customer_id = objection.customer_id
left join {{ ref('customer_plays') }} as play
    on tier.customer_id = play.customer_id and tier.scheme_code = 'maintenance_layer'
left join {{ ref('int_gifts_allotted') }} as gift
    on tier.customer_id = gift.customer_id and tier.scheme_code = 'tenure'
