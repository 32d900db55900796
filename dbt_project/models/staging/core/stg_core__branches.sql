select
    branch_no as branch_id,
    branch_name,
    region as region_name,
    address as address_text,
    {{ safe_date('opened_date') }} as opened_date,
    {{ safe_date('closed_date') }} as closed_date,
    _received_date,
    _line_number
from {{ landed('core', 'branches') }} as received
