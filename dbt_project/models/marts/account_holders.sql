-- who holds an account and which share of it is his on the business date (policy: holder_shares); a customer counts
-- once, in the best of his roles; what rounding leaves is the primary holder's, who is the owner if there is one
with

weighed as (
    select
        rights.*,
        cast(coalesce(share.weight, 0) as decimal(18, 8)) as role_weight,
        row_number() over (
            partition by rights.account_id, rights.customer_id, rights.is_current
            order by
                share.weight desc nulls last,
                case rights.role_code when 'owner' then 0 else 1 end asc nulls last,
                rights.role_code asc nulls last
        ) as role_rank,
        row_number() over (
            partition by rights.account_id
            order by
                case when rights.is_current then 0 else 1 end asc nulls last,
                case rights.role_code when 'owner' then 0 else 1 end asc nulls last,
                share.weight desc nulls last,
                rights.from_date desc nulls last,
                rights.received_date desc nulls last,
                rights.customer_id asc nulls last
        ) as holder_rank
    from {{ ref('int_account_rights_dated') }} as rights
    left join {{ source('policy', 'holder_shares') }} as share
        on rights.role_code = share.role_code and {{ in_force('share') }}
),

counted as (
    select
        weighed.*,
        is_current and holder_rank = 1 as is_primary,
        case when is_current and role_rank = 1 then role_weight else 0 end as weight
    from weighed
),

totals as (
    select
        counted.*,
        cast(sum(weight) over (partition by account_id) as decimal(18, 8)) as total_weight
    from counted
),

shares as (
    select
        totals.*,
        cast(
            case when total_weight > 0 and not is_primary then weight / total_weight else 0 end as decimal(18, 8)
        ) as other_share
    from totals
)

select
    account_id,
    customer_id,
    role_code,
    from_date,
    until_date,
    is_current,
    is_primary,
    role_weight,
    cast(
        case when is_primary then 1 - sum(other_share) over (partition by account_id) else other_share end
        as decimal(18, 8)
    ) as holder_share
from shares
