{{ union_conformed('balances', [
    'source_account_id',
    'received_date',
    'line_number',
    'balance_date',
    'balance_amount'
]) }}
