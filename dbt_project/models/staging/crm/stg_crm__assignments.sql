select
    client_no as source_customer_id,
    {{ safe_date('from_date') }} as from_date,
    manager_no as manager_id,
    {{ safe_date('until_date') }} as until_date,
    _received_date,
    _line_number
from {{ landed('crm', 'assignments') }} as received
