select
    customer_id,
    scheme_code,
    tier_code,
    tier_rank,
    metric_tier_code,
    state_code,
    since_date,
    metric_value,
    threshold_value,
    next_threshold_value,
    rule_code,
    reason_detail
from {{ ref('tier_months') }}
where month_number = {{ business_month() }}
