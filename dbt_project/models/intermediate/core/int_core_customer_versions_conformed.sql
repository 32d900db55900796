select
    {{ conformed('customer_versions', [
        'source_customer_id', 'customer_kind_code', 'is_sole_trader', 'full_name', 'identity_type_code',
        'identity_number', 'birth_date', 'sex_code', 'phone_number', 'email_address', 'region_name',
        'occupation_code', 'position_code', 'industry_code', 'annual_income_amount', 'family_status_code',
        'hobby_name', 'address_text', 'branch_id'
    ], since_date='opened_date') }}
from {{ ref('stg_core__customers') }}
