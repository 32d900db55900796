select
    customer_id,
    {{ safe_decimal('churn_probability', 8) }} as churn_probability,
    {{ safe_integer('days_inactive') }} as days_inactive,
    method_code,
    score_version,
    _received_date,
    _line_number
from {{ landed('churn_model', 'scores') }} as received
