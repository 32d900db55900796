select
    cast(change.customer_id as text) as customer_id,
    cast(customer.branch_id as text) as branch_id,
    cast(change.scheme_code as text) as scheme_code,
    cast({{ month_last_day(business_month() ~ ' - 1') }} as date) as former_date,
    cast(change.former_tier_code as text) as former_tier_code,
    cast(change.tier_code as text) as tier_code,
    cast(change.former_state_code as text) as former_state_code,
    cast(change.state_code as text) as state_code,
    cast(change.former_metric_tier_code as text) as former_metric_tier_code,
    cast(change.metric_tier_code as text) as metric_tier_code,
    cast(change.former_metric_value as decimal(18, 4)) as former_metric_value,
    cast(change.metric_value as decimal(18, 4)) as metric_value,
    cast(change.former_threshold_value as decimal(18, 4)) as former_threshold_value,
    cast(change.threshold_value as decimal(18, 4)) as threshold_value,
    cast(change.former_rule_code as text) as former_reason_code,
    cast(change.rule_code as text) as reason_code,
    cast(change.change_amount as decimal(18, 4)) as change_amount,
    cast(change.customer_flow_amount as decimal(18, 4)) as customer_flow_amount,
    cast(change.market_price_amount as decimal(18, 4)) as market_price_amount,
    cast(change.policy_amount as decimal(18, 4)) as policy_amount,
    cast(change.identity_amount as decimal(18, 4)) as identity_amount,
    cast(change.correction_amount as decimal(18, 4)) as correction_amount,
    cast(change.cause_code as text) as cause_code,
    {{ business_date() }} as business_date
from {{ ref('tier_change_months') }} as change
inner join {{ ref('customers') }} as customer on change.customer_id = customer.customer_id
where change.month_number = {{ business_month() }}
