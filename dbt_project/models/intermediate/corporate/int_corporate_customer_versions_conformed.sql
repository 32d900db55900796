select
    {{ conformed('customer_versions', [
        'source_customer_id', 'customer_kind_code', 'full_name', 'identity_type_code', 'identity_number',
        'phone_number', 'industry_code', 'institution_type_code', 'institution_rank_code', 'branch_id',
        'since_date'
    ], is_sole_trader='false') }}
from {{ ref('stg_corporate__companies') }}
