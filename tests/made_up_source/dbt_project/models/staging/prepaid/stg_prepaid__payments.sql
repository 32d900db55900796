select
    payment_no as source_transaction_id,
    card_no as source_account_id,
    {{ safe_date('payment_date') }} as transaction_date,
    {{ safe_decimal('amount') }} as transaction_amount,
    _received_date,
    _line_number
from {{ landed('prepaid', 'payments') }} as received
