select
    cast(policy_name as text) as policy_name,
    cast(row_key as text) as row_key,
    cast(value_name as text) as value_name,
    cast(value_text as text) as value_text,
    cast(effective_from as date) as effective_from,
    cast(effective_to as date) as effective_to,
    cast(owner as text) as owner_name,
    cast(proposer as text) as proposer_name,
    cast(approver as text) as approver_name,
    cast(reason as text) as reason,
    {{ business_date() }} as business_date
from {{ ref('policy_values') }}
