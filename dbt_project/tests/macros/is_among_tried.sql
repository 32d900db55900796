-- a query that gives no value leaves nothing, one that gives a value twice counts it once
with cases as (
    select 'a' as customer_id, true as expected
    union all select 'b', true
    union all select 'c', false
),

wanted as (
    select 'a' as customer_id
    union all select 'b'
    union all select 'b'
),

tried as (
    select
        cases.*,
        {{ is_among('customer_id', 'select wanted.customer_id from wanted') }} as actual,
        {{ is_among('customer_id', 'select wanted.customer_id from wanted where false') }} as is_among_none
    from cases
)

select * from tried where actual is distinct from expected or is_among_none
