-- V1 to V4: what an account brought and cost. Its margin is the average balance × the distance between the customer's
-- rate and the transfer price ÷ the basis of days × the days of the month so far; interest that was booked takes the
-- place of balance × rate. All in the bank's currency
with

months as (
    select
        month_number,
        day_count,
        {{ policy_value('day_count_basis_days', 'last_date') }} as basis_days,
        {{ policy_value('overdraft_annual_rate', 'last_date') }} as overdraft_rate
    from {{ ref('months') }}
),

margins as (
    select
        priced.*,
        cast(priced.debt_average_amount + priced.overdraft_average_amount as decimal(18, 2)) as loan_average_amount,
        cast(
            priced.deposit_average_amount
            * (priced.transfer_rate - case when priced.is_booked then 0 else priced.account_rate end)
            as decimal(18, 8)
        ) as deposit_margin_amount,
        cast(
            priced.debt_average_amount
            * (case when priced.is_booked then 0 else priced.account_rate end - priced.transfer_rate)
            as decimal(18, 8)
        ) as debt_margin_amount,
        cast(
            priced.overdraft_average_amount
            * (case when priced.is_booked then 0 else month.overdraft_rate end - priced.overdraft_transfer_rate)
            as decimal(18, 8)
        ) as overdraft_margin_amount,
        -- what was charged belongs to the loan, what was paid to the deposit
        case
            when priced.is_booked and priced.curve_code = 'deposit' then least(priced.interest_income_amount, 0)
            else 0
        end as interest_paid_amount,
        case
            when priced.is_booked and priced.curve_code = 'deposit' then greatest(priced.interest_income_amount, 0)
            when priced.is_booked and priced.curve_code = 'loan' then priced.interest_income_amount
            else 0
        end as interest_charged_amount,
        month.day_count,
        month.basis_days
    from {{ ref('int_account_months_priced') }} as priced
    inner join months as month on priced.month_number = month.month_number
)

select
    account_id,
    cast(deposit_average_amount as decimal(18, 2)) as deposit_average_amount,
    loan_average_amount,
    cast(account_rate as decimal(18, 8)) as account_rate,
    cast(transfer_rate as decimal(18, 8)) as transfer_rate,
    cast(
        coalesce(deposit_margin_amount, 0) * day_count / basis_days + interest_paid_amount
        as decimal(18, 2)
    ) as deposit_contribution_amount,
    cast(
        (coalesce(debt_margin_amount, 0) + coalesce(overdraft_margin_amount, 0)) * day_count / basis_days
        + interest_charged_amount
        as decimal(18, 2)
    ) as loan_contribution_amount,
    fee_family_code,
    cast(fee_amount as decimal(18, 2)) as fee_amount,
    cast(transaction_cost_amount as decimal(18, 2)) as transaction_cost_amount,
    cast(case when is_open then service_cost_amount else 0 end as decimal(18, 2)) as service_cost_amount,
    cast(case when is_open then fixed_cost_amount else 0 end as decimal(18, 2)) as fixed_cost_amount,
    month_number
from margins
