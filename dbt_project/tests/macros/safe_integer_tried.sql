-- up to nine digits, which always fit
with cases as (
    select '12' as cell, 12 as expected
    union all select '-12', -12
    union all select '0', 0
    union all select '007', 7
    union all select '999999999', 999999999
    union all select '1000000000', null
    union all select '1.0', null
    union all select '1_000', null
    union all select '0x1F', null
    union all select '+1', null
    union all select ' 1', null
    union all select '-', null
    union all select '', null
    union all select null, null
),

tried as (
    select cell, expected, {{ safe_integer('cell') }} as actual
    from cases
)

select * from tried where actual is distinct from expected
