-- T4: whom a customer is assigned to on the business date, and to whom his revenue is credited: the first keeper on
-- record who is outlet staff, else the owner
with

versions as (
    select
        assignment.*,
        row_number() over (
            partition by source_code, source_customer_id, from_date
            order by received_date desc nulls last, line_number desc nulls last
        ) as version_rank
    from {{ ref('int_manager_assignments_unioned') }} as assignment
),

kept as (
    select
        record.customer_id,
        version.manager_id,
        manager.manager_role_code in ('lobby', 'outlet_head') as is_outlet_staff,
        coalesce(version.until_date, {{ business_date() }}) >= {{ business_date() }} as is_current,
        version.from_date
    from versions as version
    inner join {{ ref('int_customer_records_linked') }} as record
        on version.source_code = record.source_code and version.source_customer_id = record.source_customer_id
    left join {{ ref('int_managers_listed') }} as manager on version.manager_id = manager.manager_id
    where version.version_rank = 1 and version.from_date <= {{ business_date() }}
),

ordered as (
    select
        kept.*,
        row_number() over (
            partition by customer_id, is_current order by from_date desc nulls last, manager_id asc nulls last
        ) as owner_rank,
        row_number() over (
            partition by customer_id, is_outlet_staff order by from_date nulls last, manager_id nulls last
        ) as first_rank
    from kept
)

select
    customer_id,
    max(case when is_current and owner_rank = 1 then manager_id end) as owner_manager_id,
    coalesce(
        max(case when is_outlet_staff and first_rank = 1 then manager_id end),
        max(case when is_current and owner_rank = 1 then manager_id end)
    ) as credited_manager_id
from ordered
group by customer_id
