-- the branches on record, and those that customers or accounts name but nobody has on record
with

records as (
    select
        branch.*,
        row_number() over (partition by branch_id order by source_code nulls last) as source_rank
    from {{ ref('int_branches_unioned') }} as branch
),

customers as (
    select
        coalesce(branch_id, 'unknown') as branch_id,
        count(*) as customer_count
    from {{ ref('customers') }}
    group by coalesce(branch_id, 'unknown')
),

accounts as (
    select
        coalesce(branch_id, 'unknown') as branch_id,
        count(*) as account_count
    from {{ ref('accounts') }}
    where closed_date is null
    group by coalesce(branch_id, 'unknown')
),

named as (
    select branch_id from records
    union
    select branch_id from customers
    union
    select branch_id from accounts
)

select
    cast(named.branch_id as text) as branch_id,
    cast(record.branch_name as text) as branch_name,
    cast(record.region_name as text) as region_name,
    cast(
        case
            when record.branch_id is null then 'unknown'
            when record.closed_date <= {{ business_date() }} then 'closed'
            else 'open'
        end as text
    ) as status_code,
    cast(record.opened_date as date) as opened_date,
    cast(record.closed_date as date) as closed_date,
    cast(coalesce(customer.customer_count, 0) as bigint) as customer_count,
    cast(coalesce(account.account_count, 0) as bigint) as account_count,
    {{ business_date() }} as business_date
from named
left join records as record on named.branch_id = record.branch_id and record.source_rank = 1
left join customers as customer on named.branch_id = customer.branch_id
left join accounts as account on named.branch_id = account.branch_id
