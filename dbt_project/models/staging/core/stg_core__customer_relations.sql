select
    customer_no as source_customer_id,
    lower(relation) as relation_code,
    related_customer_no as related_source_customer_id,
    {{ safe_date('from_date') }} as from_date,
    {{ safe_date('until_date') }} as until_date,
    _received_date,
    _line_number
from {{ landed('core', 'customer_relations') }} as received
