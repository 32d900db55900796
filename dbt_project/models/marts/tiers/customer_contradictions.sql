-- T14: two tiers of two schemes that policy says do not go together
select
    tier.customer_id,
    contradiction.contradiction_code,
    contradiction.scheme_code,
    contradiction.tier_code,
    contradiction.other_scheme_code,
    contradiction.other_tier_code,
    contradiction.severity_code,
    contradiction.name_zh,
    contradiction.name_en
from {{ source('policy', 'tier_contradictions') }} as contradiction
inner join {{ ref('current_tiers') }} as tier
    on contradiction.scheme_code = tier.scheme_code and contradiction.tier_code = tier.tier_code
inner join {{ ref('current_tiers') }} as other
    on
        tier.customer_id = other.customer_id
        and contradiction.other_scheme_code = other.scheme_code
        and contradiction.other_tier_code = other.tier_code
where {{ in_force('contradiction') }}
