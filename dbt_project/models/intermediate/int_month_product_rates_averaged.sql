-- V1, V2: posted rates, each day of the month weighing the same, with the terms each stands for
with

told as (
    select
        source_code,
        product_code,
        term_days,
        annual_rate,
        {{ told_from('from_date') }} as from_date,
        received_date,
        line_number
    from {{ ref('int_product_rates_unioned') }}
),

spells as (
    {{ spells_of('told', ['source_code', 'product_code', 'term_days'], ['annual_rate']) }}
),

held as (
    select
        month.month_number,
        spell.source_code,
        spell.product_code,
        spell.term_days,
        spell.annual_rate,
        {{ days_between(
            'greatest(spell.from_date, month.first_date)',
            'least(spell.until_date, month.last_date)'
        ) }} + 1 as held_days
    from {{ ref('months') }} as month
    inner join spells as spell on spell.from_date <= month.last_date and spell.until_date >= month.first_date
    where month.month_number >= {{ first_built('int_account_values_reopened') }}
),

averaged as (
    select
        month_number,
        source_code,
        product_code,
        term_days,
        cast(
            cast(sum(annual_rate * held_days) as decimal(18, 8)) / cast(sum(held_days) as decimal(18, 2))
            as decimal(18, 8)
        ) as annual_rate
    from held
    group by month_number, source_code, product_code, term_days
)

select
    month_number,
    source_code,
    product_code,
    annual_rate,
    {{ term_bounds('month_number, source_code, product_code') }}
from averaged
