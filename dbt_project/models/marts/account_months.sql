-- U2: balances at day end and 月日均, each day weighing the same; the asset part and the overdrawn part apart, in
-- the account's currency and in the bank's by the rate of each day
{%- set first_closed = first_reopened(ref('int_balances_reopened')) %}
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
        and balance.month_number >= coalesce({{ first_closed }}, {{ business_month() }})
        and balance.month_number >= coalesce(again.from_month, {{ business_month() }})

    union all

    -- what was held on the eve of the first month that is built
    select
        former.account_id,
        {{ month_last_day('former.month_number') }} as balance_date,
        former.balance_amount,
        coalesce(again.from_month, {{ business_month() }}) as from_month
    from {{ this }} as former
    left join {{ ref('int_balances_reopened') }} as again on former.account_id = again.account_id
    where
        former.month_number >= coalesce({{ first_closed }}, {{ business_month() }}) - 1
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
),

-- a balance holds until the day before the next one; nothing is held from the day an account is closed
spells as (
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
),

held as (
    select
        spell.account_id,
        spell.currency_code,
        month.month_number,
        month.day_count,
        spell.balance_amount,
        cast(spell.balance_amount * rate.base_rate as decimal(18, 2)) as base_amount,
        least(spell.until_date, rate.until_date) >= month.last_date as is_closing,
        {{ days_between(
            'greatest(spell.from_date, month.first_date, rate.from_date)',
            'least(spell.until_date, month.last_date, rate.until_date)'
        ) }} + 1 as held_days
    from spells as spell
    inner join {{ ref('months') }} as month
        on
            spell.from_date <= month.last_date
            and spell.until_date >= month.first_date
            and spell.from_month <= month.month_number
    inner join {{ ref('int_exchange_rate_spells_derived') }} as rate
        on
            spell.currency_code = rate.currency_code
            and greatest(spell.from_date, month.first_date) <= rate.until_date
            and least(spell.until_date, month.last_date) >= rate.from_date
    where spell.from_date <= spell.until_date
)

select
    held.account_id,
    held.currency_code,
    cast(sum(case when held.is_closing then held.balance_amount else 0 end) as decimal(18, 2)) as balance_amount,
    cast(sum(case when held.is_closing then held.base_amount else 0 end) as decimal(18, 2))
        as base_balance_amount
    {%- for prefix, amount in [('', 'balance_amount'), ('base_', 'base_amount')] %},
    cast(
        cast(sum(greatest(held.{{ amount }}, 0) * held.held_days) as decimal(18, 2)) / held.day_count
        as decimal(18, 2)
    ) as {{ prefix or 'balance_' }}month_average_amount,
    cast(
        cast(sum(greatest(-held.{{ amount }}, 0) * held.held_days) as decimal(18, 2)) / held.day_count
        as decimal(18, 2)
    ) as {{ prefix }}overdraft_month_average_amount
    {%- endfor %},
    held.month_number
from held
group by held.account_id, held.currency_code, held.month_number, held.day_count
