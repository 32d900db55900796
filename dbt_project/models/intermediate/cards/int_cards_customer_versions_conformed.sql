select
    {{ conformed('customer_versions', [
        'source_customer_id', 'full_name', 'identity_type_code', 'identity_number', 'phone_number',
        'email_address', 'branch_id', 'since_date'
    ], customer_kind_code=customer_kind_by_number(), is_sole_trader=is_sole_trader_by_number()) }}
from {{ ref('stg_cards__cardholders') }}
