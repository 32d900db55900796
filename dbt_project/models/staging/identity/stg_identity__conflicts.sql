select
    source_code,
    source_customer_id,
    linked_source_code,
    linked_source_customer_id,
    is_open = 'Y' as is_open,
    rule_code,
    {{ safe_decimal('link_weight', 4) }} as link_weight,
    {{ safe_date('changed_date') }} as changed_date,
    _received_date,
    _line_number
from {{ landed('identity', 'conflicts') }} as received
