-- V1, V2: a floating balance is measured by the shortest point, each day of the month weighing the same
with

held as (
    select
        month.month_number,
        price.curve_code,
        price.annual_rate,
        {{ days_between(
            'greatest(price.from_date, month.first_date)',
            'least(price.until_date, month.last_date)'
        ) }} + 1 as held_days
    from {{ ref('months') }} as month
    inner join {{ ref('int_transfer_prices_dated') }} as price
        on price.from_date <= month.last_date and price.until_date >= month.first_date
    where price.term_from_days = 0 and month.month_number >= {{ first_built('int_account_values_reopened') }}
)

select
    month_number,
    curve_code,
    cast(
        cast(sum(annual_rate * held_days) as decimal(18, 8)) / cast(sum(held_days) as decimal(18, 2)) as decimal(18, 8)
    ) as annual_rate
from held
group by month_number, curve_code
