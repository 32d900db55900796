select
    account_no as source_account_id,
    customer_no as source_customer_id,
    lower(role) as role_code,
    {{ safe_date('from_date') }} as from_date,
    {{ safe_date('until_date') }} as until_date,
    _received_date,
    _line_number
from {{ landed('core', 'account_holders') }} as received
