-- L4: the last unbroken run of full months in which the market (the deposit curve at the policy's term) paid more for
-- term deposits than the bank's posted rates of that term, day by day on the average
with

told as (
    {{ deposit_rates_of_term(told_from('from_date')) }}
),

spells as (
    {{ spells_of('told', ['is_market', 'key_code'], ['annual_rate']) }}
),

averages as (
    select
        month.month_number,
        spell.is_market,
        cast(sum(
            spell.annual_rate * ({{ days_between(
                'greatest(spell.from_date, month.first_date)', 'least(spell.until_date, month.last_date)'
            ) }} + 1)
        ) as decimal(18, 8)) as rate_days,
        cast(count(distinct spell.key_code) * max(month.day_count) as decimal(18, 8)) as day_count
    from {{ ref('months') }} as month
    inner join spells as spell on spell.from_date <= month.last_date and spell.until_date >= month.first_date
    where
        month.month_number <= {{ last_full_month() }}
        and month.month_number > {{ last_full_month() }} - {{ policy_count('loyalty_window_months') }}
    group by month.month_number, spell.is_market
),

gaps as (
    select
        market.month_number,
        row_number() over (order by market.month_number nulls last) as gap_number
    from averages as market
    inner join averages as posted on market.month_number = posted.month_number and not posted.is_market
    where
        market.is_market
        and cast(market.rate_days / market.day_count as decimal(18, 8))
        - cast(posted.rate_days / posted.day_count as decimal(18, 8)) > {{ policy_value('price_gap_rate') }}
),

runs as (
    select
        min(month_number) - 1 as eve_month_number,
        max(month_number) as last_month_number,
        rank() over (order by max(month_number) desc nulls last) as run_rank
    from gaps
    group by month_number - gap_number
)

select
    cast(eve_month_number as integer) as eve_month_number,
    cast(last_month_number as integer) as last_month_number
from runs
where run_rank = 1
