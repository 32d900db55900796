-- a balance holds until the day before the next one; nothing is held from the day an account is closed
{%- set first_month = first_built('int_balances_reopened') %}
with

changes as (
    select
        balance.account_id,
        balance.balance_date,
        balance.balance_amount,
        {{ 'coalesce(again.from_month, ' ~ business_month() ~ ')' if var('since') else 0 }} as from_month
    from {{ ref('balances') }} as balance
    {%- if var('since') %}
    left join {{ ref('int_balances_reopened') }} as again on balance.account_id = again.account_id
    where
        balance.superseded_date is null
        and balance.month_number >= {{ first_month }}
        and balance.month_number >= coalesce(again.from_month, {{ business_month() }})

    union all

    -- what was held on the eve of the first month that is built
    select
        former.account_id,
        {{ month_last_day('former.month_number') }} as balance_date,
        former.balance_amount,
        coalesce(again.from_month, {{ business_month() }}) as from_month
    from {{ standing('account_months') }} as former
    left join {{ ref('int_balances_reopened') }} as again on former.account_id = again.account_id
    where
        former.month_number >= {{ first_month }} - 1
        and former.month_number = coalesce(again.from_month, {{ business_month() }}) - 1
    {%- else %}
    where balance.superseded_date is null
    {%- endif %}
),

followed as (
    select
        change.*,
        lead(change.balance_date) over (
            partition by change.account_id
            order by change.balance_date nulls last
        ) as followed_date
    from changes as change
)

select
    change.account_id,
    account.currency_code,
    change.balance_amount,
    change.from_month,
    change.balance_date as from_date,
    least(
        coalesce({{ add_days('change.followed_date', -1) }}, {{ business_date() }}),
        coalesce({{ add_days('account.closed_date', -1) }}, {{ business_date() }})
    ) as until_date
from followed as change
inner join {{ ref('accounts') }} as account on change.account_id = account.account_id
