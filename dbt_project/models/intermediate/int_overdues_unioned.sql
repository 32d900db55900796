{{ union_conformed(
    'overdues',
    ['source_account_id', 'received_date', 'line_number', 'balance_date', 'overdue_days'],
    types=['text', 'date', 'bigint', 'date', 'integer']
) }}
