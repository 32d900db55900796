{{ union_conformed('overdues', {
    'source_account_id': 'varchar',
    'received_date': 'date',
    'line_number': 'bigint',
    'balance_date': 'date',
    'overdue_days': 'integer'
}) }}
