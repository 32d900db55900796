select
    source_account_id,
    balance_date,
    balance_amount
from {{ ref('stg_wealth__contract_values') }}
