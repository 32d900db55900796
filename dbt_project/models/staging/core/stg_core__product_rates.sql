select
    product_code,
    {{ safe_integer('term_days') }} as term_days,
    {{ safe_date('from_date') }} as from_date,
    {{ safe_decimal('annual_rate', 8) }} as annual_rate,
    _received_date,
    _line_number
from {{ landed('core', 'product_rates') }} as received
