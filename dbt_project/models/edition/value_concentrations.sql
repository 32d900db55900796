-- V10: the curve of the business month, and of the closed months as they were known at their ends
select
    cast(concentration.scope_code as text) as scope_code,
    cast(coalesce(concentration.branch_id, '*') as text) as scope_id,
    cast(concentration.branch_id as text) as branch_id,
    cast(concentration.measure_code as text) as measure_code,
    cast(month.last_date as date) as month_end_date,
    cast(concentration.customer_share as decimal(18, 8)) as customer_share,
    cast(concentration.reached_customer_share as decimal(18, 8)) as reached_customer_share,
    cast(concentration.value_share as decimal(18, 8)) as value_share,
    cast(concentration.reached_amount as decimal(18, 2)) as reached_amount,
    cast(concentration.customer_count as bigint) as customer_count,
    cast(concentration.total_amount as decimal(18, 2)) as total_amount,
    cast(concentration.top_customer_share as decimal(18, 8)) as top_customer_share,
    cast(concentration.top_value_share as decimal(18, 8)) as top_value_share,
    cast(concentration.least_customer_share as decimal(18, 8)) as least_customer_share,
    cast({{ policy_code('base_currency') }} as text) as currency_code,
    {{ business_date() }} as business_date
from {{ ref('value_concentration_months') }} as concentration
inner join {{ ref('months') }} as month on concentration.month_number = month.month_number
where concentration.month_number >= {{ business_month() }} - {{ policy_count('curve_window_months') }}
