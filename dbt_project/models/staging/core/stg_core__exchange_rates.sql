select
    currency as currency_code,
    {{ safe_date('rate_date') }} as rate_date,
    {{ safe_decimal('rate', 8) }} as exchange_rate,
    _received_date,
    _line_number
from {{ landed('core', 'exchange_rates') }} as received
