-- V1, V2: what a curve's point stood at, by the source that keeps the curve, else by policy. Foreign-currency accounts
-- are measured by the same curves
with

told as (
    select
        curve_code,
        term_days,
        annual_rate,
        {{ told_from('from_date') }} as from_date,
        received_date,
        line_number
    from {{ ref('int_transfer_prices_unioned') }}
),

spells as (
    {{ spells_of('told', ['curve_code', 'term_days'], ['annual_rate']) }}
)

select
    curve_code,
    term_days,
    annual_rate,
    from_date,
    until_date
from spells
union all
select
    price.curve_code,
    price.term_days,
    cast(price.annual_rate as decimal(18, 8)) as annual_rate,
    case
        when price.effective_from = min(price.effective_from) over (partition by price.curve_code)
            then cast('0001-01-01' as date)
        else price.effective_from
    end as from_date,
    coalesce(price.effective_to, cast('9999-12-31' as date)) as until_date
from {{ source('policy', 'transfer_prices') }} as price
where
    price.effective_from <= {{ business_date() }}
    and price.curve_code not in (select told.curve_code from told)
