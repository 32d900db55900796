{{ union_conformed('accounts', [
    'source_account_id',
    'received_date',
    'line_number',
    'product_code',
    'currency_code',
    'branch_id',
    'annual_rate',
    'opened_date',
    'maturity_date',
    'closed_date'
]) }}
