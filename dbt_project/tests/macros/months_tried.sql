-- dense month numbers, and the way back to a month's first and last day
with cases as (
    select cast('1993-01-01' as date) as day, 23916 as month, cast('1993-01-01' as date) as first_day, cast('1993-01-31' as date) as last_day
    union all select cast('1993-12-31' as date), 23927, cast('1993-12-01' as date), cast('1993-12-31' as date)
    union all select cast('1994-01-01' as date), 23928, cast('1994-01-01' as date), cast('1994-01-31' as date)
    union all select cast('2024-02-29' as date), 24289, cast('2024-02-01' as date), cast('2024-02-29' as date)
    union all select cast('2026-02-28' as date), 24313, cast('2026-02-01' as date), cast('2026-02-28' as date)
    union all select cast('2026-10-31' as date), 24321, cast('2026-10-01' as date), cast('2026-10-31' as date)
    union all select cast('1900-02-01' as date), 22801, cast('1900-02-01' as date), cast('1900-02-28' as date)
),

tried as (
    select
        cases.*,
        {{ month_number('day') }} as actual_month,
        {{ month_first_day('month') }} as actual_first_day,
        {{ month_last_day('month') }} as actual_last_day
    from cases
)

select *
from tried
where actual_month <> month or actual_first_day <> first_day or actual_last_day <> last_day
