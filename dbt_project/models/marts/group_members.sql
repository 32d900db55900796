-- U6: customers whom a shared key links on the business date; kinds never chain
with

-- one row per member; of several roles the first in the order of the codes
members as (
    select
        proven.group_kind_code,
        proven.group_key,
        proven.customer_id,
        proven.role_code,
        proven.evidence_code,
        min(proven.from_date) over (
            partition by proven.group_kind_code, proven.group_key, proven.customer_id
        ) as since_date,
        row_number() over (
            partition by proven.group_kind_code, proven.group_key, proven.customer_id
            order by code.rank nulls last, proven.role_code nulls last
        ) as role_rank
    from {{ ref('int_group_links_derived') }} as proven
    left join {{ ref('current_codes') }} as code
        on code.code_set = 'group_role' and proven.role_code = code.code
),

-- a group needs two customers: records that are one customer prove no link
groups as (
    select
        group_kind_code,
        group_key,
        count(*) - 1 = 1 as is_pair,
        min(customer_id || ' ' || role_code) as first_member,
        max(customer_id || ' ' || role_code) as last_member
    from members
    where role_rank = 1
    group by group_kind_code, group_key
    having count(*) > 1
),

-- two customers whom several keys of one kind link in the same roles are one group, named by the smallest key
named as (
    select
        member.*,
        case
            when groups.is_pair
                then
                    min(groups.group_key) over (
                        partition by groups.group_kind_code, groups.is_pair, groups.first_member, groups.last_member
                    )
            else groups.group_key
        end as first_key
    from members as member
    inner join groups
        on member.group_kind_code = groups.group_kind_code and member.group_key = groups.group_key
    where member.role_rank = 1
)

select
    group_kind_code || ':' || first_key as group_id,
    group_kind_code,
    customer_id,
    role_code,
    min(evidence_code) as evidence_code,
    min(since_date) as since_date
from named
group by group_kind_code, first_key, customer_id, role_code
