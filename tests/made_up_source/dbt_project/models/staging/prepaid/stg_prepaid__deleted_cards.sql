select
    card_no as source_account_id,
    _received_date,
    _line_number
from {{ landed('prepaid', 'cards_gone') }} as received
