-- U2: balances at day end and 月日均, each day weighing the same; the asset part and the overdrawn part apart
with

-- whatever was last reported, nothing is held from the day an account is closed
spells as (
    select
        spell.account_id,
        spell.balance_amount,
        spell.from_date,
        least(spell.until_date, coalesce({{ add_days('account.closed_date', -1) }}, spell.until_date)) as until_date
    from {{ ref('int_balance_spells_derived') }} as spell
    inner join {{ ref('accounts') }} as account on spell.account_id = account.account_id
),

held as (
    select
        spell.account_id,
        month.month_number,
        month.last_date,
        month.day_count,
        spell.balance_amount,
        spell.until_date >= month.last_date as is_closing,
        {{ days_between('greatest(spell.from_date, month.first_date)', 'least(spell.until_date, month.last_date)') }}
        + 1 as held_days
    from spells as spell
    inner join {{ ref('months') }} as month
        on spell.from_date <= month.last_date and spell.until_date >= month.first_date
    where spell.from_date <= spell.until_date
),

sums as (
    select
        account_id,
        month_number,
        day_count,
        cast(sum(case when is_closing then balance_amount else 0 end) as decimal(18, 2)) as balance_amount,
        cast(sum(greatest(balance_amount, 0) * held_days) as decimal(18, 2)) as positive_day_amount,
        cast(sum(greatest(-balance_amount, 0) * held_days) as decimal(18, 2)) as negative_day_amount
    from held
    group by account_id, month_number, day_count
)

select
    sums.account_id,
    account.customer_id,
    account.product_class_code,
    account.side_code,
    account.aum_weight,
    sums.month_number,
    sums.balance_amount,
    cast(sums.positive_day_amount / sums.day_count as decimal(18, 2)) as balance_month_average_amount,
    cast(sums.negative_day_amount / sums.day_count as decimal(18, 2)) as overdraft_month_average_amount
from sums
inner join {{ ref('accounts') }} as account on sums.account_id = account.account_id
