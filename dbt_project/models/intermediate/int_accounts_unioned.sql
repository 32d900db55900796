{{ union_conformed('accounts', [
    'source_account_id',
    'received_date',
    'line_number',
    'product_code',
    'currency_code',
    'branch_id',
    'opened_date',
    'closed_date'
]) }}
