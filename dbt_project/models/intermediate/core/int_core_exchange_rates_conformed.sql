select
    currency_code,
    _received_date as received_date,
    _line_number as line_number,
    rate_date,
    exchange_rate as base_rate
from {{ ref('stg_core__exchange_rates') }}
