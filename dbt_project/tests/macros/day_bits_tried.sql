-- days of a month as bits: a day twice counts once
with cases as (
    select cast('2026-10-01' as date) as day, cast('2026-10-31' as date) as other_day, 2 as days
    union all select cast('2026-10-31' as date), cast('2026-10-31' as date), 1
    union all select cast('2024-02-29' as date), cast('2024-02-28' as date), 2
),

tried as (
    select
        days,
        {{ bits_counted(day_bit('day') ~ ' | ' ~ day_bit('other_day')) }} as actual_days
    from cases
)

select *
from tried
where actual_days <> days
