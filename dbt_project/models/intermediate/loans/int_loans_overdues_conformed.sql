select
    source_account_id,
    _received_date as received_date,
    _line_number as line_number,
    balance_date,
    overdue_days
from {{ ref('stg_loans__loan_balances') }}
