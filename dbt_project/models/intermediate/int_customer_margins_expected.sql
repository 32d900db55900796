-- V7, V8: what a customer has brought in twelve months, what his present holdings bring in a month, what of its change
-- goes on, and what may be added; without an open account only the first. All that a life-time value is made of but
-- how long he stays
select
    value.customer_id,
    value.current_value_12m_amount as realised_amount,
    cast(case when holding.account_count > 0 then coalesce(margin.month_margin_amount, 0) else 0 end as decimal(18, 8))
        as month_margin_amount,
    cast(
        case
            when holding.account_count > 0
                then
                    (coalesce(margin.month_margin_amount, 0) - coalesce(margin.year_margin_amount, 0))
                    * {{ policy_value('lifetime_trend_share') }}
            else 0
        end as decimal(18, 8)
    ) as trend_margin_amount,
    cast(coalesce(cross_buy.cross_buy_margin_amount, 0) as decimal(18, 8)) as cross_buy_margin_amount,
    coalesce(cross_buy.cross_buy_count, 0) as cross_buy_count
from {{ ref('customer_trailing_values') }} as value
left join {{ ref('customer_holdings') }} as holding on value.customer_id = holding.customer_id
left join {{ ref('int_customer_margins_averaged') }} as margin on value.customer_id = margin.customer_id
left join {{ ref('int_cross_buys_summed') }} as cross_buy on value.customer_id = cross_buy.customer_id
