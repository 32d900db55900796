select
    investor_no as source_customer_id,
    full_name,
    lower(identity_type) as identity_type_code,
    identity_number,
    phone as phone_number,
    email as email_address,
    lower(risk_rating) as risk_rating_code,
    branch_no as branch_id,
    {{ safe_date('since_date') }} as since_date,
    _received_date,
    _line_number
from {{ landed('wealth', 'investors') }} as received
