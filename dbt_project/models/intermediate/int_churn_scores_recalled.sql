-- V7: what the champion said at the last month end before the business month: known before the tiers are built, which
-- tonight's scores are not, and landed by every way through history, which a nightly score is not
select
    customer_id,
    churn_probability,
    method_code
from {{ ref('stg_churn_model__scores') }}
where
    _received_date = {{ month_last_day('(' ~ (business_month() | int - 1) ~ ')') }}
    and role_code = 'champion'
