select
    contact_no as contact_id,
    client_no as source_customer_id,
    manager_no as manager_id,
    {{ safe_date('contact_date') }} as contact_date,
    lower(channel) as channel_code,
    lower(purpose) as purpose_code,
    lower(result) as result_code,
    _received_date,
    _line_number
from {{ landed('crm', 'contacts') }} as received
