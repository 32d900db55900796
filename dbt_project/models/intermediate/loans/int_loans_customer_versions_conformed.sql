select
    {{ conformed('customer_versions', [
        'source_customer_id', 'full_name', 'identity_type_code', 'identity_number', 'birth_date', 'sex_code',
        'phone_number', 'occupation_code', 'annual_income_amount', 'branch_id', 'since_date'
    ], customer_kind_code=customer_kind_by_number(), is_sole_trader=is_sole_trader_by_number()) }}
from {{ ref('stg_loans__borrowers') }}
