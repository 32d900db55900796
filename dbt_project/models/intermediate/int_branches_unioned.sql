{{ union_conformed('branches', {
    'branch_id': 'varchar',
    'branch_name': 'varchar',
    'region_name': 'varchar',
    'opened_date': 'date',
    'closed_date': 'date'
}) }}
