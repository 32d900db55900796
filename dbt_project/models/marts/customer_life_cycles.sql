-- U3: where a customer stands in life with the bank, as of the business date
with

right_holders as (
    select distinct customer_id
    from {{ ref('account_holders') }}
),

relations as (
    select
        customer.customer_id,
        holding.first_opened_date,
        coalesce(holding.ever_account_count, 0) as ever_account_count,
        coalesce(holding.account_count, 0) as account_count,
        activity.last_active_date,
        right_holder.customer_id is not null as is_authorised
    from {{ ref('customers') }} as customer
    left join {{ ref('customer_holdings') }} as holding on customer.customer_id = holding.customer_id
    left join {{ ref('customer_activity_months') }} as activity
        on
            customer.customer_id = activity.customer_id
            and activity.month_number = {{ business_month() }}
    left join right_holders as right_holder on customer.customer_id = right_holder.customer_id
),

-- the latest months against as many before; no verdict on a customer not yet known that long
trends as (
    select
        customer_id,
        sum(case when age_months < trend_months then aum_month_average_amount else 0 end) as recent_amount,
        sum(case when age_months >= trend_months then aum_month_average_amount else 0 end) as former_amount,
        count(*) = max(trend_months) + max(trend_months) as is_full
    from (
        select
            customer_id,
            aum_month_average_amount,
            {{ business_month() }} - month_number as age_months,
            {{ policy_count('life_cycle_trend_months') }} as trend_months
        from {{ ref('customer_months') }}
        where
            month_number
            > {{ business_month() }}
            - {{ policy_count('life_cycle_trend_months') }} - {{ policy_count('life_cycle_trend_months') }}
    ) as aged
    where age_months < trend_months + trend_months
    group by customer_id
)

select
    relation.customer_id,
    case
        when relation.ever_account_count = 0 and relation.is_authorised then 'authorised_only'
        when relation.ever_account_count = 0 then 'no_account'
        when relation.account_count = 0 then 'lost'
        when
            {{ whole_months('relation.first_opened_date', business_date()) }}
            < {{ policy_count('life_cycle_new_months') }} then 'new'
        when
            coalesce(relation.last_active_date, relation.first_opened_date)
            <= {{ add_months(business_date(), '-' ~ policy_count('life_cycle_dormant_months')) }} then 'dormant'
        when
            trend.is_full
            and trend.recent_amount > trend.former_amount * (1 + {{ policy_value('life_cycle_growth_share') }})
            then 'growing'
        when
            trend.is_full
            and trend.recent_amount < trend.former_amount * (1 - {{ policy_value('life_cycle_decline_share') }})
            then 'declining'
        else 'mature'
    end as life_cycle_code
from relations as relation
left join trends as trend on relation.customer_id = trend.customer_id
