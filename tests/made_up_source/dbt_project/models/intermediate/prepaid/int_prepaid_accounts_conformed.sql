select
    {{ conformed('accounts', ['source_account_id', 'product_code', 'currency_code', 'branch_id', 'opened_date']) }}
from {{ kept_versions(ref('stg_prepaid__cards'), ['source_account_id'], ref('stg_prepaid__deleted_cards')) }} as card
