-- T1: what an open account did over the months that the negative rules look back on (policy). `inactive` looks from
-- the business date back to the first of the month in which the window begins; `card` at closed months only
with

windows as (
    select
        {{ month_number(add_months(add_days(business_date(), 1), "-" ~ policy_count("idle_months"))) }}
            as inactive_from_month,
        {{ month_number(add_days(business_date(), 1)) }} - {{ policy_count('idle_card_months') }} as card_from_month,
        {{ month_number(add_days(business_date(), 1)) }} - 1 as card_until_month,
        min(month_number) as first_month
    from {{ ref('months') }}
),

done as (
    select
        activity.account_id,
        sum(case when activity.month_number >= windows.inactive_from_month then activity.transaction_count else 0 end)
            as transaction_count,
        sum(case when
            activity.month_number between windows.card_from_month and windows.card_until_month
            then activity.spend_count else 0 end) as spend_count,
        sum(case when
            activity.month_number between windows.card_from_month and windows.card_until_month
            then activity.spend_amount else 0 end) as spend_amount
    from {{ ref('account_activity_months') }} as activity
    cross join windows
    where
        activity.month_number >= {{ month_number(add_days(business_date(), 1)) }} - greatest(
            {{ policy_count('idle_months') }} + 1, {{ policy_count('idle_card_months') }}
        )
    group by activity.account_id
),

held as (
    select
        month.account_id,
        sum(case when month.month_number = {{ business_month() }} then month.base_balance_amount else 0 end)
            as balance_amount,
        sum(case when
            month.month_number between windows.card_from_month and windows.card_until_month
            then month.base_month_average_amount else 0 end) as average_amount
    from {{ ref('account_months') }} as month
    cross join windows
    where
        month.month_number >= {{ month_number(add_days(business_date(), 1)) }} - greatest(
            1, {{ policy_count('idle_card_months') }}
        )
    group by month.account_id
)

select
    account.account_id,
    account.customer_id,
    account.family_code,
    coalesce(
        account.opened_date <= {{ add_months(business_date(), '-' ~ policy_count('idle_months')) }}
        and windows.first_month <= windows.inactive_from_month, false
    ) as has_inactive_window,
    coalesce(
        {{ month_number('account.opened_date') }} < windows.card_from_month
        and windows.first_month <= windows.card_from_month, false
    ) as has_card_window,
    cast(coalesce(done.transaction_count, 0) as bigint) as transaction_count,
    cast(coalesce(done.spend_count, 0) as bigint) as spend_count,
    cast(coalesce(done.spend_amount, 0) as decimal(18, 2)) as spend_amount,
    cast(coalesce(held.balance_amount, 0) as decimal(18, 2)) as balance_amount,
    cast(coalesce(held.average_amount, 0) as decimal(18, 2)) as average_amount
from {{ ref('accounts') }} as account
cross join windows
left join done on account.account_id = done.account_id
left join held on account.account_id = held.account_id
where account.closed_date is null
