select
    {{ conformed('transactions', [
        'source_transaction_id', 'source_account_id', 'transaction_date', 'is_customer_initiated'
    ],
        direction_code="'credit'",
        transaction_amount='cast(principal_amount + interest_amount + penalty_amount as decimal(18, 2))',
        channel_code="'system'",
        transaction_type_code="'loan_payment'",
        fee_amount='penalty_amount'
    ) }}
from {{ ref('stg_loans__repayments') }}
