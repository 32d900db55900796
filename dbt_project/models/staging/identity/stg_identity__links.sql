select
    source_code,
    source_customer_id,
    customer_id,
    former_customer_id,
    rule_code,
    change_code,
    {{ safe_date('changed_date') }} as changed_date,
    _received_date,
    _line_number
from {{ landed('identity', 'links') }} as received
