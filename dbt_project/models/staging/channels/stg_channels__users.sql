select
    user_no as source_customer_id,
    full_name,
    lower(identity_type) as identity_type_code,
    identity_number,
    phone as phone_number,
    email as email_address,
    {{ safe_date('since_date') }} as since_date,
    {{ safe_date('closed_date') }} as closed_date,
    _received_date,
    _line_number
from {{ landed('channels', 'users') }} as received
