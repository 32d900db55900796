{{ union_conformed('account_holders', [
    'source_account_id',
    'source_customer_id',
    'received_date',
    'line_number',
    'role_code',
    'from_date',
    'until_date'
]) }}
