{{ union_conformed('group_members', {
    'source_group_id': 'varchar',
    'group_kind_code': 'varchar',
    'source_customer_id': 'varchar',
    'role_code': 'varchar',
    'from_date': 'date',
    'until_date': 'date'
}) }}
