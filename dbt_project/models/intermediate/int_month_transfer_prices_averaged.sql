-- V1, V2: a floating balance is measured by the shortest point, each day of the month weighing the same
select
    month.month_number,
    price.curve_code,
    cast(
        cast(sum(
            price.annual_rate
            * ({{ days_between('greatest(price.from_date, month.first_date)', 'least(price.until_date, month.last_date)') }} + 1)
        ) as decimal(18, 8))
        / cast(sum(
            {{ days_between('greatest(price.from_date, month.first_date)', 'least(price.until_date, month.last_date)') }} + 1
        ) as decimal(18, 2))
        as decimal(18, 8)
    ) as annual_rate
from {{ ref('months') }} as month
inner join {{ ref('int_transfer_prices_dated') }} as price
    on price.from_date <= month.last_date and price.until_date >= month.first_date
where price.term_from_days = 0
group by month.month_number, price.curve_code
