select
    transaction_no as source_transaction_id,
    _received_date,
    _line_number
from {{ landed('core', 'deleted_transactions') }} as received
