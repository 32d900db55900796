-- V7, V8: what a customer has brought in twelve months, what his present holdings may still bring over the expected
-- remaining life, and what he may yet add: three parts that do not overlap. Without an open account only the first
with

measured as (
    select
        value.customer_id,
        value.current_value_12m_amount as realised_amount,
        coalesce(score.method_code, 'policy') as retention_method_code,
        retention.retention_rate,
        retention.discount_rate,
        retention.horizon_months,
        retention.annuity_value,
        retention.kept_annuity_value,
        case when holding.account_count > 0 then coalesce(margin.month_margin_amount, 0) else 0 end
            as month_margin_amount,
        case
            when holding.account_count > 0
                then cast(
                    (coalesce(margin.month_margin_amount, 0) - coalesce(margin.year_margin_amount, 0))
                    * {{ policy_value('lifetime_trend_share') }} as decimal(18, 8)
                )
            else 0
        end as trend_margin_amount,
        coalesce(cross_buy.cross_buy_margin_amount, 0) as cross_buy_margin_amount,
        coalesce(cross_buy.cross_buy_count, 0) as cross_buy_count
    from {{ ref('customer_trailing_values') }} as value
    left join {{ ref('customer_holdings') }} as holding on value.customer_id = holding.customer_id
    left join {{ ref('int_customer_margins_averaged') }} as margin on value.customer_id = margin.customer_id
    left join {{ ref('int_cross_buys_summed') }} as cross_buy on value.customer_id = cross_buy.customer_id
    left join {{ ref('customer_churn_scores') }} as score on value.customer_id = score.customer_id
    inner join {{ ref('int_retentions_derived') }} as retention
        on coalesce(cast(score.churn_probability as decimal(9, 4)), -1) = coalesce(retention.churn_probability, -1)
),

-- a trend downwards takes away what present holdings bring and no more
discounted as (
    select
        measured.*,
        cast(month_margin_amount * annuity_value as decimal(18, 2)) as present_amount,
        cast(cross_buy_margin_amount * annuity_value as decimal(18, 2)) as cross_buy_amount,
        cast(greatest(trend_margin_amount, -greatest(month_margin_amount, 0)) * annuity_value as decimal(18, 2))
            as increment_amount,
        cast(month_margin_amount * kept_annuity_value as decimal(18, 2)) as kept_amount
    from measured
)

select
    customer_id,
    realised_amount,
    present_amount,
    cross_buy_amount,
    increment_amount,
    cast(cross_buy_amount + increment_amount as decimal(18, 2)) as growth_amount,
    cast(realised_amount + present_amount + cross_buy_amount + increment_amount as decimal(18, 2))
        as lifetime_value_amount,
    kept_amount,
    cast(month_margin_amount as decimal(18, 2)) as month_margin_amount,
    cross_buy_count,
    retention_method_code,
    retention_rate,
    discount_rate,
    horizon_months,
    annuity_value
from discounted
