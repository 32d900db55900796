select
    {{ conformed('account_rates', [
        'source_account_id', 'from_date', 'annual_rate'
    ]) }}
from {{ ref('stg_loans__loan_rates') }}
