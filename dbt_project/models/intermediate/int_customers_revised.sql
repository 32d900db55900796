-- of whom closed months change by who is who, by the privileges he used or by his credit grades. A new record changes
-- none by itself, but by what was told of it before
{% if var('since') %}
with

records as (
    select *
    from {{ ref('int_customer_records_linked') }}
),

relinked as (
    select
        link.customer_id,
        link.former_customer_id
    from {{ ref('stg_identity__links') }} as link
    inner join records as record
        on link.source_code = record.source_code and link.source_customer_id = record.source_customer_id
    where {{ has_come('link.changed_date') }} and not {{ has_arrived('record.first_received_date') }}
),

-- a late or corrected use of a privilege moves a closed month of whoever any of its versions names
privileges as (
    select
        record.customer_id,
        {{ month_number('min(privilege.used_date) over use') }} as first_month,
        max(privilege.received_date) over use as last_received_date,
        max(record.linked_date) over use as last_linked_date
    from {{ ref('int_privilege_uses_unioned') }} as privilege
    inner join records as record
        on
            privilege.source_code = record.source_code
            and privilege.source_customer_id = record.source_customer_id
    window use as (partition by privilege.source_code, privilege.source_use_id)
),

grades as (
    select *
    from {{ ref('int_credit_grades_unioned') }}
)

select customer_id
from relinked
union
select former_customer_id as customer_id
from relinked
union
select customer_id
from privileges
where
    first_month < {{ business_month() }}
    and ({{ has_arrived('last_received_date') }} or {{ has_come('last_linked_date') }})
union
select record.customer_id
from records as record
inner join grades as grade
    on
        record.source_code = grade.source_code
        and record.source_customer_id = grade.source_customer_id
        and not {{ has_arrived('grade.received_date') }}
where {{ has_come('record.linked_date') }}
-- what the first grades tell reaches back (told_from)
union
select customer_id
from records
where (select {{ has_arrived('min(grade.received_date)') }} from grades as grade)
{% else %}
select cast(null as text) as customer_id
where false
{% endif %}
