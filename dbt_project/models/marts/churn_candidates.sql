-- C1: who can still leave, as of the business date: not gone, not dormant already, known long enough, with assets above
-- the floor; customer-initiated business only counts as activity
with

activity as (
    select
        customer_id,
        aum_month_average_amount,
        last_active_date
    from {{ ref('customer_activity_months') }}
    where month_number = {{ business_month() }}
),

measured as (
    select
        holding.customer_id,
        holding.account_count,
        holding.first_opened_date,
        activity.aum_month_average_amount,
        trend.aum_trailing_amount,
        {{ days_inactive('activity.last_active_date', 'holding.first_opened_date', business_date()) }} as days_inactive
    from {{ ref('customer_holdings') }} as holding
    inner join activity on holding.customer_id = activity.customer_id
    inner join {{ ref('int_customer_trends_measured') }} as trend on holding.customer_id = trend.customer_id
)

select
    customer_id,
    aum_month_average_amount,
    aum_trailing_amount,
    days_inactive
from measured
where
    account_count > 0
    and not {{ is_dormant('days_inactive') }}
    and least(aum_month_average_amount, aum_trailing_amount) >= {{ policy_value('churn_minimum_aum_amount') }}
    and {{ whole_months('first_opened_date', business_date()) }} >= {{ policy_count('churn_minimum_tenure_months') }}
