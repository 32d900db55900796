select
    application_no as application_id,
    client_no as source_customer_id,
    lower(kind) as application_kind_code,
    branch_no as branch_id,
    {{ safe_date('opened_date') }} as opened_date,
    opened_time,
    {{ safe_date('closed_date') }} as closed_date,
    closed_time,
    _received_date,
    _line_number
from {{ landed('crm', 'applications') }} as received
