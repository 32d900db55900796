select
    {{ conformed('account_holders', [
        'source_account_id', 'source_customer_id'
    ], role_code="'owner'", from_date='opened_date') }}
from {{ ref('stg_cards__cards') }}
