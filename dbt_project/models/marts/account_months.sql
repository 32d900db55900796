-- U2: balances at day end and 月日均, each day weighing the same; the asset part and the overdrawn part apart, in
-- the account's currency and in the bank's by the rate of each day
with

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
    from {{ ref('int_balance_spells_derived') }} as spell
    inner join {{ ref('months') }} as month
        on
            spell.from_date <= month.last_date
            and spell.until_date >= month.first_date
            and spell.from_month <= month.month_number
            and month.month_number >= {{ first_built('int_balances_reopened') }}
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
