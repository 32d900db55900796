-- what the source last said on or before the business date; nothing is overdue on a closed account
with

versions as (
    select
        account_id,
        balance_date,
        overdue_days,
        row_number() over (
            partition by account_id
            order by balance_date desc nulls last, received_date desc nulls last, line_number desc nulls last
        ) as version_rank
    from {{ ref('overdue_versions') }}
    where month_number = {{ business_month() }} and balance_date <= {{ business_date() }}
)

select
    version.account_id,
    version.balance_date as as_of_date,
    cast(version.overdue_days as integer) as overdue_days
from versions as version
inner join {{ ref('accounts') }} as account on version.account_id = account.account_id
where version.version_rank = 1 and version.overdue_days > 0 and account.closed_date is null
