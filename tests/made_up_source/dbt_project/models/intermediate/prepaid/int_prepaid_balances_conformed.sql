select
    source_account_id,
    _received_date as received_date,
    _line_number as line_number,
    balance_date,
    balance_amount
from {{ ref('stg_prepaid__balances') }}
