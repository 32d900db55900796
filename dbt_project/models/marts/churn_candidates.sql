-- C1: who can still leave, as of the business date; customer-initiated business only counts as activity
with

activity as (
    select
        customer_id,
        aum_month_average_amount,
        last_active_date
    from {{ ref('customer_activity_months') }}
    where month_number = {{ business_month() }}
)

select
    holding.customer_id,
    activity.aum_month_average_amount,
    {{ days_between('coalesce(activity.last_active_date, holding.first_opened_date)', business_date()) }}
        as days_inactive
from {{ ref('customer_holdings') }} as holding
inner join activity on holding.customer_id = activity.customer_id
where
    holding.account_count > 0
    and activity.aum_month_average_amount >= {{ policy_value('churn_minimum_aum_amount') }}
    and {{ whole_months('holding.first_opened_date', business_date()) }}
    >= {{ policy_count('churn_minimum_tenure_months') }}
