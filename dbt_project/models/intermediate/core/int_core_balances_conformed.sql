select
    source_account_id,
    balance_date,
    balance_amount
from {{ ref('stg_core__balances') }}
