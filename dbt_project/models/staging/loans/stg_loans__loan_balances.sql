select
    loan_no as source_account_id,
    {{ safe_date('balance_date') }} as balance_date,
    {{ safe_decimal('balance') }} as balance_amount,
    {{ safe_integer('overdue_days') }} as overdue_days,
    _received_date,
    _line_number
from {{ landed('loans', 'loan_balances') }} as received
