-- U6: the bank's group number proves the group; its head belongs to it whether or not it is named as a member
with

groups as (
    select
        group_id,
        head_source_customer_id,
        _received_date as received_date,
        _line_number as line_number,
        row_number() over (
            partition by group_id
            order by _received_date desc nulls last, _line_number desc nulls last
        ) as version_rank
    from {{ ref('stg_corporate__groups') }}
)

select
    member.group_id as source_group_id,
    'company_group' as group_kind_code,
    member.source_customer_id,
    member._received_date as received_date,
    member._line_number as line_number,
    'member' as role_code,
    member.from_date,
    member.until_date
from {{ ref('stg_corporate__group_members') }} as member
union all
select
    group_id as source_group_id,
    'company_group' as group_kind_code,
    head_source_customer_id as source_customer_id,
    received_date,
    line_number,
    'head' as role_code,
    received_date as from_date,
    cast(null as date) as until_date
from groups
where version_rank = 1
