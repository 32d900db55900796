select
    {{ conformed('accounts', [
        'source_account_id', 'product_code', 'currency_code', 'branch_id', 'opened_date', 'closed_date'
    ]) }}
from {{ ref('stg_cards__cards') }}
