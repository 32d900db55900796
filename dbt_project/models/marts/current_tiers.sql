select
    customer_id,
    scheme_code,
    tier_code,
    tier_rank,
    since_date,
    metric_value,
    threshold_value,
    reason_detail
from {{ ref('tier_months') }}
where month_number = {{ business_month() }}
