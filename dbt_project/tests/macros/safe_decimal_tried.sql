-- digits, one point, at most two places; whatever else an engine's own cast would take is null
with cases as (
    select '12.34' as cell, '12.34' as expected
    union all select '0', '0'
    union all select '-0.01', '-0.01'
    union all select '007', '7'
    union all select '1.5', '1.5'
    union all select '9999999999999999.99', '9999999999999999.99'
    union all select '10000000000000000', null
    union all select '1.234', null
    union all select '1.', null
    union all select '.5', null
    union all select '+1', null
    union all select '1e3', null
    union all select '1,5', null
    union all select '1_000', null
    union all select '0x1F', null
    union all select 'NaN', null
    union all select 'infinity', null
    union all select ' 1', null
    union all select '--1', null
    union all select '', null
    union all select null, null
),

tried as (
    select cell, cast(expected as decimal(18, 2)) as expected, {{ safe_decimal('cell') }} as actual
    from cases
),

-- a rate has eight places
rates as (
    select cell, cast(expected as decimal(18, 8)) as expected, {{ safe_decimal('cell', 8) }} as actual
    from (
        select '0.12345678' as cell, '0.12345678' as expected
        union all select '9999999999.00000001', '9999999999.00000001'
        union all select '0.123456789', null
        union all select '10000000000', null
    ) as rates
)

select cell, expected, actual from tried where actual is distinct from expected
union all
select cell, expected, actual from rates where actual is distinct from expected
