-- roots and powers to eight places, and the worth of a unit of money at each coming month's end
with cases as (
    select cast(0.512 as decimal(18, 8)) as number, cast(0.8 as decimal(18, 8)) as root, cast(0.26214400 as decimal(18, 8)) as square
    union all select cast(0 as decimal(18, 8)), cast(0 as decimal(18, 8)), cast(0 as decimal(18, 8))
    union all select cast(1 as decimal(18, 8)), cast(1 as decimal(18, 8)), cast(1 as decimal(18, 8))
    union all select cast(0.02 as decimal(18, 8)), cast(0.27144176 as decimal(18, 8)), cast(0.0004 as decimal(18, 8))
),

annuities as (
    select cast(1 as decimal(18, 8)) as retention, 0 as annual_rate, 3 as months, cast(3 as decimal(18, 8)) as value
    union all select cast(1 as decimal(18, 8)), 0, 0, cast(0 as decimal(18, 8))
    union all select cast(0.5 as decimal(18, 8)), 0, 3, cast(0.875 as decimal(18, 8))
    union all select cast(0 as decimal(18, 8)), 0, 3, cast(0 as decimal(18, 8))
    union all select cast(1 as decimal(18, 8)), 12, 2, cast(0.75 as decimal(18, 8))
),

tried as (
    select
        number as given,
        root as expected,
        {{ month_retention('(1 - number)', 3) }} as actual
    from cases
    union all
    select
        number,
        square,
        {{ powered('number', 2) }}
    from cases
    union all
    select
        retention,
        value,
        {{ annuity('retention', 'annual_rate', 'months') }}
    from annuities
)

select * from tried where actual <> expected
