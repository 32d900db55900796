{{ union_conformed('customer_versions', [
    'source_customer_id',
    'received_date',
    'line_number',
    'customer_kind_code',
    'full_name',
    'identity_type_code',
    'identity_number',
    'birth_date',
    'sex_code',
    'phone_number',
    'email_address',
    'region_name',
    'occupation_code',
    'branch_id',
    'since_date'
]) }}
