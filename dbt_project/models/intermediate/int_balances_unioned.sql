{{ union_conformed('balances', [
    'source_account_id',
    'balance_date',
    'balance_amount'
]) }}
