select
    disp_id as disposition_id,
    client_id as source_customer_id,
    account_id as source_account_id,
    lower(type) as role_code,
    _received_date,
    _line_number
from {{ landed('berka', 'disp') }} as received
