select
    cast(member.group_id as text) as group_id,
    cast(member.group_kind_code as text) as group_kind_code,
    cast(member.customer_id as text) as customer_id,
    cast(customer.branch_id as text) as branch_id,
    cast(member.role_code as text) as role_code,
    cast(member.evidence_code as text) as evidence_code,
    cast(member.since_date as date) as since_date,
    {{ business_date() }} as business_date
from {{ ref('group_members') }} as member
inner join {{ ref('customers') }} as customer on member.customer_id = customer.customer_id
