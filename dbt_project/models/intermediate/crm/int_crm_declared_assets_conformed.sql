select
    {{ conformed('declared_assets', [
        'source_customer_id', 'other_bank_code', 'declared_date', 'declared_amount'
    ]) }}
from {{ ref('stg_crm__declared_assets') }}
