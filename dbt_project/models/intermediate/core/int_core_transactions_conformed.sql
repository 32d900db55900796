select
    source_transaction_id,
    _received_date as received_date,
    _line_number as line_number,
    source_account_id,
    transaction_date,
    direction_code,
    transaction_amount,
    {{ channel_code('channel_code') }} as channel_code,
    transaction_type_code,
    is_customer_initiated,
    is_own_name,
    other_bank_code
from {{ ref('stg_core__transactions') }}
