select
    group_no as group_id,
    company_no as source_customer_id,
    {{ safe_date('from_date') }} as from_date,
    {{ safe_date('until_date') }} as until_date,
    _received_date,
    _line_number
from {{ landed('corporate', 'group_members') }} as received
