select
    source_transaction_id,
    _received_date as received_date,
    _line_number as line_number
from {{ ref('stg_core__deleted_transactions') }}
