-- C2: how much more the market (the deposit curve at the policy's term) pays than the bank's posted rates of that term,
-- as the bank had been told by the business date
with

told as (
    {{ deposit_rates_of_term('from_date') }}
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
