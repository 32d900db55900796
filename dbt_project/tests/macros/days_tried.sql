-- days between, days on, months on (the last day where the month is shorter) and back
with cases as (
    select cast('2026-01-31' as date) as day, 1 as number, cast('2026-02-01' as date) as days_on, cast('2026-02-28' as date) as months_on
    union all select cast('2024-01-31' as date), 1, cast('2024-02-01' as date), cast('2024-02-29' as date)
    union all select cast('2026-10-31' as date), -6, cast('2026-10-25' as date), cast('2026-04-30' as date)
    union all select cast('2026-04-30' as date), 6, cast('2026-05-06' as date), cast('2026-10-30' as date)
    union all select cast('1993-12-31' as date), 2, cast('1994-01-02' as date), cast('1994-02-28' as date)
    union all select cast('2026-03-01' as date), 0, cast('2026-03-01' as date), cast('2026-03-01' as date)
    union all select cast('2024-02-29' as date), 12, cast('2024-03-12' as date), cast('2025-02-28' as date)
),

tried as (
    select
        cases.*,
        {{ add_days('day', 'number') }} as actual_days_on,
        {{ add_months('day', 'number') }} as actual_months_on,
        {{ days_between('day', 'days_on') }} as actual_number
    from cases
)

select *
from tried
where actual_days_on <> days_on or actual_months_on <> months_on or actual_number <> number
