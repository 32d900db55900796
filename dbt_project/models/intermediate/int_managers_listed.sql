-- listed anew every day: the last listing first, so that of the others only the dates are read
with

listings as (
    select
        manager_id,
        max(received_date) as received_date
    from {{ ref('int_managers_unioned') }}
    group by manager_id
),

ranked as (
    select
        manager.manager_id,
        manager.manager_role_code,
        row_number() over (
            partition by manager.manager_id
            order by manager.from_date desc nulls last, manager.line_number desc nulls last
        ) as listing_rank
    from {{ ref('int_managers_unioned') }} as manager
    inner join listings as listing
        on manager.manager_id = listing.manager_id and manager.received_date = listing.received_date
)

select
    manager_id,
    manager_role_code
from ranked
where listing_rank = 1
