select
    client_no as source_customer_id,
    full_name,
    lower(identity_type) as identity_type_code,
    identity_number,
    {{ safe_date('birth_date') }} as birth_date,
    phone as phone_number,
    email as email_address,
    address as address_text,
    hobby as hobby_name,
    lower(preferred_channel) as preferred_channel_code,
    case do_not_contact when 'Y' then true when 'N' then false end as is_do_not_contact,
    branch_no as branch_id,
    {{ safe_date('since_date') }} as since_date,
    _received_date,
    _line_number
from {{ landed('crm', 'clients') }} as received
