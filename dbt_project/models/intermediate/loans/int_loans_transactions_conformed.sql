select
    source_transaction_id,
    _received_date as received_date,
    _line_number as line_number,
    source_account_id,
    transaction_date,
    'credit' as direction_code,
    cast(principal_amount + interest_amount + penalty_amount as decimal(18, 2)) as transaction_amount,
    'system' as channel_code,
    'loan_payment' as transaction_type_code,
    is_customer_initiated,
    cast(null as boolean) as is_own_name,
    cast(null as text) as other_bank_code
from {{ ref('stg_loans__repayments') }}
