-- C1: at whose ends no account was open any more that had been before. An account counts from the day the customer held
-- it to the day it was closed or went over to others
with

held as (
    select
        customer_id,
        account_id,
        min(from_date) as from_date,
        max(case when not is_current then until_date end) as until_date
    from {{ ref('account_holders') }}
    where role_weight > 0 or is_primary
    group by customer_id, account_id
),

spells as (
    select
        held.customer_id,
        {{ month_number('greatest(account.opened_date, held.from_date)') }} as opened_month,
        {{ month_number('least(account.closed_date, held.until_date)') }} as ended_month
    from held
    inner join {{ ref('accounts') }} as account on held.account_id = account.account_id
)

select distinct
    ended.customer_id,
    ended.ended_month as month_number
from spells as ended
where
    ended.ended_month is not null
    and not exists (
        select 1
        from spells as other
        where
            other.customer_id = ended.customer_id
            and other.opened_month <= ended.ended_month
            and (other.ended_month is null or other.ended_month > ended.ended_month)
    )
