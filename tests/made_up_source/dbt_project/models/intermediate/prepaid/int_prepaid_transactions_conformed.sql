select
    {{ conformed('transactions', [
        'source_transaction_id', 'source_account_id', 'transaction_date', 'transaction_amount'
    ],
        direction_code="'debit'",
        channel_code="'card'",
        transaction_type_code="'purchase'",
        is_customer_initiated='true'
    ) }}
from {{ ref('stg_prepaid__payments') }}
