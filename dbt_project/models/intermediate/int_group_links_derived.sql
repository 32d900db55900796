-- U6: a couple's pair of numbers, a company and who represents it, a loan and its guarantors, the bank's number of a
-- group, an account held jointly; a link holds up to its until_date inclusive
with

versions as (
    select
        member.*,
        row_number() over (
            partition by source_code, group_kind_code, source_group_id, role_code, source_customer_id
            order by received_date desc nulls last, line_number desc nulls last
        ) as version_rank
    from {{ ref('int_group_members_unioned') }} as member
)

select
    version.group_kind_code,
    version.source_code || ':' || version.source_group_id as group_key,
    record.customer_id,
    version.role_code,
    version.source_code as evidence_code,
    version.from_date
from versions as version
inner join {{ ref('int_customer_records_linked') }} as record
    on version.source_code = record.source_code and version.source_customer_id = record.source_customer_id
where
    version.version_rank = 1
    and version.from_date <= {{ business_date() }}
    and coalesce(version.until_date, {{ business_date() }}) >= {{ business_date() }}
union all
select
    'joint_account' as group_kind_code,
    holder.account_id as group_key,
    holder.customer_id,
    holder.role_code,
    account.source_code as evidence_code,
    coalesce(holder.from_date, account.opened_date) as from_date
from {{ ref('account_holders') }} as holder
inner join {{ ref('accounts') }} as account on holder.account_id = account.account_id
where holder.is_current and holder.role_code in ('owner', 'joint') and account.closed_date is null
