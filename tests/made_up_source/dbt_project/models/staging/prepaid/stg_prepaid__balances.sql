select
    card_no as source_account_id,
    {{ safe_date('balance_date') }} as balance_date,
    {{ safe_decimal('balance') }} as balance_amount,
    _received_date,
    _line_number
from {{ landed('prepaid', 'balances') }} as received
