select
    cast(contradiction.customer_id as text) as customer_id,
    cast(customer.branch_id as text) as branch_id,
    cast(contradiction.contradiction_code as text) as contradiction_code,
    cast(contradiction.scheme_code as text) as scheme_code,
    cast(contradiction.tier_code as text) as tier_code,
    cast(contradiction.other_scheme_code as text) as other_scheme_code,
    cast(contradiction.other_tier_code as text) as other_tier_code,
    cast(contradiction.severity_code as text) as severity_code,
    cast(contradiction.name_zh as text) as name_zh,
    cast(contradiction.name_en as text) as name_en,
    {{ business_date() }} as business_date
from {{ ref('customer_contradictions') }} as contradiction
inner join {{ ref('customers') }} as customer on contradiction.customer_id = customer.customer_id
