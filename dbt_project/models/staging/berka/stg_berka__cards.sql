select
    card_id,
    disp_id as disposition_id,
    'CARD_' || upper(type) as product_code,
    {{ safe_date('issued', 'yymmddhhmmss') }} as issued_date,
    _received_date,
    _line_number
from {{ landed('berka', 'card') }} as received
