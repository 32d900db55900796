select
    card_no as source_account_id,
    holder_no as source_customer_id,
    _received_date,
    _line_number
from {{ landed('prepaid', 'holdings') }} as received
