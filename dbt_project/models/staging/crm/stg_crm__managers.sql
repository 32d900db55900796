select
    manager_no as manager_id,
    manager_name,
    lower(role) as role_code,
    branch_no as branch_id,
    {{ safe_date('from_date') }} as from_date,
    {{ safe_date('until_date') }} as until_date,
    _received_date,
    _line_number
from {{ landed('crm', 'managers') }} as received
