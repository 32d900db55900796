select
    {{ conformed('transactions', [
        'source_transaction_id', 'source_account_id', 'transaction_date', 'direction_code', 'transaction_amount',
        'transaction_type_code', 'is_customer_initiated', 'is_own_name', 'other_bank_code'
    ], channel_code=channel_code('channel_code')) }}
from {{ ref('stg_core__transactions') }}
