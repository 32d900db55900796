select
    {{ conformed('transactions', [
        'source_transaction_id', 'source_account_id', 'transaction_date', 'direction_code', 'transaction_amount',
        'is_customer_initiated', 'fee_amount'
    ], transaction_type_code="'investment'", channel_code=channel_code('channel_code')) }}
from {{ ref('stg_wealth__orders') }}
