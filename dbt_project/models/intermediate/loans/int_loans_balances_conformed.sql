select
    source_account_id,
    balance_date,
    balance_amount
from {{ ref('stg_loans__loan_balances') }}
