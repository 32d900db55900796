-- a query that gives no value leaves nothing, one that gives a value twice counts it once
with cases as (
    select 1 as month_number, true as expected
    union all select 2, true
    union all select 3, false
),

wanted as (
    select 1 as month_number
    union all select 2
    union all select 2
),

tried as (
    select
        cases.*,
        {{ pruned_to('month_number', 'select wanted.month_number from wanted') }} as actual,
        {{ pruned_to('month_number', 'select wanted.month_number from wanted where false') }} as is_among_none
    from cases
)

select * from tried where actual is distinct from expected or is_among_none
