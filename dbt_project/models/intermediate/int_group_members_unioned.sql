{{ union_conformed(
    'group_members',
    [
        'source_group_id', 'group_kind_code', 'source_customer_id', 'received_date', 'line_number', 'role_code',
        'from_date', 'until_date'
    ],
    types=['text', 'text', 'text', 'date', 'bigint', 'text', 'date', 'date']
) }}
