select
    event_no as event_id,
    card_ref as source_account_id,
    lower(event_type) as event_type_code,
    {{ safe_date('event_date') }} as event_date,
    {{ safe_date('settled_date') }} as settled_date,
    {{ safe_decimal('amount') }} as event_amount,
    _received_date,
    _line_number
from {{ landed('cards', 'card_events') }} as received
