select
    event_no as event_id,
    borrower_no as source_customer_id,
    loan_no as source_account_id,
    lower(event_type) as event_type_code,
    {{ safe_date('event_date') }} as event_date,
    {{ safe_date('settled_date') }} as settled_date,
    {{ safe_decimal('amount') }} as event_amount,
    _received_date,
    _line_number
from {{ landed('loans', 'credit_events') }} as received
