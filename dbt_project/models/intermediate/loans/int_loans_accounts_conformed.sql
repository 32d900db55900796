select
    {{ conformed('accounts', [
        'source_account_id', 'product_code', 'currency_code', 'branch_id', 'annual_rate', 'opened_date',
        'maturity_date', 'closed_date'
    ]) }}
from {{ ref('stg_loans__loans') }}
