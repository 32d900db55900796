select
    product_code,
    {{ safe_date('price_date') }} as price_date,
    {{ safe_decimal('price', 4) }} as price,
    _received_date,
    _line_number
from {{ landed('wealth', 'prices') }} as received
