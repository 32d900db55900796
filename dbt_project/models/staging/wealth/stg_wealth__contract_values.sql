select
    contract_no as source_account_id,
    {{ safe_date('value_date') }} as balance_date,
    {{ safe_decimal('market_value') }} as balance_amount,
    _received_date,
    _line_number
from {{ landed('wealth', 'contract_values') }} as received
