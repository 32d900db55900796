select
    {{ conformed('account_holders', [
        'source_account_id', 'source_customer_id', 'role_code', 'from_date', 'until_date'
    ]) }}
from {{ ref('stg_core__account_holders') }}
