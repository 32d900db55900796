select
    score_version,
    part_code,
    {{ safe_decimal('psi_value', 8) }} as psi_value,
    {{ safe_integer('customer_count') }} as customer_count,
    _received_date,
    _line_number
from {{ landed('churn_model', 'stabilities') }} as received
