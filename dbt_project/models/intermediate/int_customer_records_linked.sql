select
    customer_id,
    source_code,
    source_customer_id,
    branch_id,
    first_received_date,
    rule_code,
    linked_date
from {{ ref('customer_records') }}
