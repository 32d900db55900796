select
    source_account_id,
    source_customer_id,
    _received_date as received_date,
    _line_number as line_number,
    'owner' as role_code
from {{ ref('stg_core__accounts') }}
