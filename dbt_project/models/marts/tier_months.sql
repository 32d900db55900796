-- T12, T13: the tier that each scheme grants: what its metric says or, where the scheme's policy has it so, what is
-- held (tier_states). Since = the first day of the month from which the customer has been in the tier without a break
with

schemes as (
    select scheme.scheme_code
    from {{ source('policy', 'tier_schemes') }} as scheme
    inner join {{ source('policy', 'tier_presets') }} as preset
        on scheme.preset_code = preset.preset_code and {{ in_force('preset') }}
    where {{ in_force('scheme') }}
),

granted as (
    select
        metric.*,
        metric.tier_code as metric_tier_code,
        coalesce(held.tier_code, metric.tier_code) as granted_tier_code,
        coalesce(held.held_rank, metric.tier_rank) as granted_rank,
        coalesce(held.state_code, 'current') as state_code,
        case when held.customer_id is null then metric.threshold_value else held.lower_bound end as lower_bound,
        case when held.customer_id is null then metric.next_threshold_value else held.upper_bound end as upper_bound,
        held.since_month,
        case
            when held.state_code = 'watch' then 'tier.watch'
            when held.held_rank > metric.tier_rank then 'tier.held'
            when held.held_rank < metric.tier_rank then 'tier.rising'
        end as held_rule_code,
        case
            when held.state_code = 'watch' or held.held_rank > metric.tier_rank
                then cast(held.below_count as varchar)
            when held.held_rank < metric.tier_rank
                then cast(cast(metric.threshold_value as decimal(18, 2)) as varchar)
        end as held_detail
    from {{ ref('scheme_months') }} as metric
    inner join schemes as scheme on metric.scheme_code = scheme.scheme_code
    left join {{ ref('int_held_tiers_bounded') }} as held
        on metric.customer_id = held.customer_id and metric.scheme_code = held.scheme_code
    where metric.month_number = {{ business_month() }}
)

select
    tier.customer_id,
    tier.scheme_code,
    tier.granted_tier_code as tier_code,
    tier.granted_rank as tier_rank,
    tier.metric_tier_code,
    tier.state_code,
    coalesce(
        {{ month_first_day('tier.since_month') }},
        {%- if var('since') %}
        former.since_date,
        {%- endif %}
        month.first_date
    ) as since_date,
    tier.measure_code,
    tier.metric_value,
    cast(tier.lower_bound as decimal(18, 4)) as threshold_value,
    cast(tier.upper_bound as decimal(18, 4)) as next_threshold_value,
    coalesce(tier.held_rule_code, tier.rule_code) as rule_code,
    coalesce(tier.held_detail, tier.reason_detail) as reason_detail,
    tier.month_number
from granted as tier
inner join {{ ref('months') }} as month on tier.month_number = month.month_number
{%- if var('since') %}
left join {{ this }} as former
    on
        tier.customer_id = former.customer_id
        and tier.scheme_code = former.scheme_code
        and tier.granted_tier_code = former.tier_code
        and former.month_number = {{ business_month() }} - 1
{%- endif %}
