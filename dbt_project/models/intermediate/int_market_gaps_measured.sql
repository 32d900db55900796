-- C2: how much more the market (the deposit curve at the policy's term) pays than the bank's posted rates of that term,
-- as the bank had been told by the business date
with

told as (
    select
        curve_code as key_code,
        true as is_market,
        annual_rate,
        from_date,
        received_date,
        line_number
    from {{ ref('int_transfer_prices_unioned') }}
    where curve_code = 'deposit' and term_days = {{ policy_count('price_gap_term_days') }}
    union all
    select
        rate.source_code || ':' || rate.product_code as key_code,
        false as is_market,
        rate.annual_rate,
        rate.from_date,
        rate.received_date,
        rate.line_number
    from {{ ref('int_product_rates_unioned') }} as rate
    inner join {{ source('policy', 'products') }} as product
        on
            rate.source_code = product.source_code
            and rate.product_code = product.product_code
            and product.product_class_code = 'term_deposit'
            and {{ in_force('product') }}
    where rate.term_days = {{ policy_count('price_gap_term_days') }}
),

ranked as (
    select
        told.*,
        row_number() over (
            partition by is_market, key_code
            order by from_date desc nulls last, received_date desc nulls last, line_number desc nulls last
        ) as version_rank
    from told
    where from_date <= {{ business_date() }}
),

averages as (
    select
        cast(sum(case when is_market then annual_rate end) as decimal(18, 8)) as market_rate,
        cast(
            cast(sum(case when not is_market then annual_rate end) as decimal(18, 8))
            / nullif(count(case when not is_market then 1 end), 0) as decimal(18, 8)
        ) as posted_rate
    from ranked
    where version_rank = 1
)

select
    market_rate,
    posted_rate,
    cast(market_rate - posted_rate as decimal(18, 8)) as gap_rate
from averages
