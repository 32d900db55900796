-- whole months and years: one is full on its day, not the day before
with cases as (
    select cast('2026-07-31' as date) as from_day, cast('2026-10-31' as date) as to_day, 3 as months, 0 as years
    union all select cast('2026-08-01' as date), cast('2026-10-31' as date), 2, 0
    union all select cast('2026-07-31' as date), cast('2026-10-30' as date), 2, 0
    union all select cast('2026-07-30' as date), cast('2026-10-30' as date), 3, 0
    union all select cast('1970-12-13' as date), cast('1994-12-12' as date), 287, 23
    union all select cast('1970-12-13' as date), cast('1994-12-13' as date), 288, 24
    union all select cast('2026-10-31' as date), cast('2026-10-31' as date), 0, 0
    union all select cast('2024-02-29' as date), cast('2025-02-28' as date), 11, 0
    union all select cast('2024-02-29' as date), cast('2025-03-01' as date), 12, 1
),

tried as (
    select
        cases.*,
        {{ whole_months('from_day', 'to_day') }} as actual_months,
        {{ whole_years('from_day', 'to_day') }} as actual_years
    from cases
)

select * from tried where actual_months <> months or actual_years <> years
