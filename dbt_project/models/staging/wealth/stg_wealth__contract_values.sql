select
    contract_no as source_account_id,
    {{ safe_date('value_date') }} as balance_date,
    {{ safe_decimal('quantity', 4) }} as quantity,
    {{ safe_decimal('price', 4) }} as price,
    {{ safe_decimal('market_value') }} as balance_amount,
    _received_date,
    _line_number
from {{ landed('wealth', 'contract_values') }} as received
