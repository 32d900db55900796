{{ union_conformed('transactions', [
    'source_transaction_id',
    'received_date',
    'line_number',
    'source_account_id',
    'transaction_date',
    'direction_code',
    'transaction_amount',
    'channel_code',
    'transaction_type_code',
    'is_customer_initiated',
    'is_own_name',
    'other_bank_code'
]) }}
