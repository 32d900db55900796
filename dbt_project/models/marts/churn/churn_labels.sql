-- C1: what became of a candidate within the policy's horizon, by all that is known now; a snapshot has a label once its
-- horizon has passed. Who has since proved to be another customer has none
with

snapshots as (
    select
        customer_id,
        aum_trailing_amount,
        month_number,
        month_number + {{ policy_count('churn_horizon_months') }} as last_month_number
    from {{ ref('churn_features') }}
    where month_number + {{ policy_count('churn_horizon_months') }} <= {{ last_full_month() }}
),

followed as (
    select
        snapshot.customer_id,
        snapshot.month_number,
        snapshot.aum_trailing_amount,
        min(month.aum_month_average_amount) as lowest_average_amount,
        cast(sum(month.net_outflow_amount) as decimal(18, 2)) as net_outflow_amount,
        max(case when month.month_number = snapshot.last_month_number then month.aum_amount end) as aum_amount,
        max({{ days_inactive('month.last_active_date', 'holding.first_opened_date', 'month.last_date') }})
            as days_inactive,
        max(case when gone.customer_id is not null then 1 else 0 end) = 1 as is_exit
    from snapshots as snapshot
    inner join {{ ref('customer_months') }} as month
        on
            snapshot.customer_id = month.customer_id
            and month.month_number > snapshot.month_number
            and month.month_number <= snapshot.last_month_number
    inner join {{ ref('customer_holdings') }} as holding on snapshot.customer_id = holding.customer_id
    left join {{ ref('int_customer_exits_dated') }} as gone
        on month.customer_id = gone.customer_id and month.month_number = gone.month_number
    group by snapshot.customer_id, snapshot.month_number, snapshot.aum_trailing_amount
),

judged as (
    select
        followed.*,
        {{ is_attrition('lowest_average_amount', 'net_outflow_amount', 'aum_trailing_amount') }} as is_attrition,
        {{ is_dormant('days_inactive') }} as is_dormancy
    from followed
)

select
    customer_id,
    is_attrition,
    is_dormancy,
    is_exit,
    is_attrition or is_dormancy or is_exit as is_churned,
    cast(
        case
            when is_attrition or is_dormancy or is_exit
                then {{ lost_amount('aum_amount', 'net_outflow_amount', 'aum_trailing_amount') }}
            else 0
        end as decimal(18, 2)
    ) as lost_amount,
    month_number
from judged
