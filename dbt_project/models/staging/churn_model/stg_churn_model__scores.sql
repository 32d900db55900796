select
    customer_id,
    role_code,
    {{ safe_decimal('churn_probability', 8) }} as churn_probability,
    {{ safe_decimal('probability_low', 8) }} as probability_low,
    {{ safe_decimal('probability_high', 8) }} as probability_high,
    {{ safe_decimal('loss_share', 8) }} as loss_share,
    {{ safe_integer('days_inactive') }} as days_inactive,
    method_code,
    score_version,
    reason_1_code,
    {{ safe_decimal('reason_1_value', 4) }} as reason_1_value,
    reason_2_code,
    {{ safe_decimal('reason_2_value', 4) }} as reason_2_value,
    reason_3_code,
    {{ safe_decimal('reason_3_value', 4) }} as reason_3_value,
    _received_date,
    _line_number
from {{ landed('churn_model', 'scores') }} as received
