-- a bound belongs to the band that says so; a band without a bound goes on for ever
with cases as (
    select 9.99 as metric, cast(10 as decimal(18, 4)) as lower_bound, true as lower_inclusive, cast(20 as decimal(18, 4)) as upper_bound, false as upper_inclusive, false as expected
    union all select 10.00, 10, true, 20, false, true
    union all select 10.00, 10, false, 20, false, false
    union all select 10.01, 10, false, 20, false, true
    union all select 19.99, 10, true, 20, false, true
    union all select 20.00, 10, true, 20, false, false
    union all select 20.00, 10, true, 20, true, true
    union all select 20.01, 10, true, 20, true, false
    union all select -99.00, null, true, 20, false, true
    union all select 20.00, null, true, 20, false, false
    union all select 9999.00, 10, true, null, null, true
    union all select 9.00, 10, true, null, null, false
    union all select 0.00, null, true, null, null, true
),

tried as (
    select band.*, {{ in_band('band.metric', 'band') }} as actual
    from cases as band
)

select * from tried where actual is distinct from expected
