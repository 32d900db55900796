{{ union_conformed(
    'branches',
    ['branch_id', 'branch_name', 'region_name', 'opened_date', 'closed_date'],
    types=['text', 'text', 'text', 'date', 'date']
) }}
