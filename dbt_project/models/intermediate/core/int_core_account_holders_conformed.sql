select
    source_account_id,
    source_customer_id,
    _received_date as received_date,
    _line_number as line_number,
    role_code,
    from_date,
    until_date
from {{ ref('stg_core__account_holders') }}
