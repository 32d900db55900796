-- case counts, and the shape may stand anywhere unless it is anchored
with cases as (
    select 'abc' as cell, true as expected
    union all select 'xabcx', true
    union all select 'ABC', false
    union all select '', false
    union all select null, null
),

tried as (
    select cell, expected, {{ matches('cell', 'abc') }} as actual
    from cases
)

select * from tried where actual is distinct from expected
