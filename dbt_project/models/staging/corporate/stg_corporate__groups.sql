select
    group_no as group_id,
    group_name,
    head_company_no as head_source_customer_id,
    _received_date,
    _line_number
from {{ landed('corporate', 'groups') }} as received
