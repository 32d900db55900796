{{ union_conformed(
    'branches',
    ['branch_id', 'received_date', 'branch_name', 'region_name', 'opened_date', 'closed_date'],
    types=['text', 'date', 'text', 'text', 'date', 'date']
) }}
