select
    source_code,
    source_customer_id,
    customer_id,
    former_customer_id,
    rule_code,
    change_code,
    cause_code,
    linked_source_code,
    linked_source_customer_id,
    {{ safe_decimal('link_weight', 4) }} as link_weight,
    {{ safe_date('changed_date') }} as changed_date,
    _received_date,
    _line_number
from {{ landed('identity', 'links') }} as received
