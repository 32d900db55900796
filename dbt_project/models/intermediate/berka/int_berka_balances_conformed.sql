with

account_balances as (
    select
        'A' || source_account_id as source_account_id,
        balance_date,
        balance_amount,
        received_date
    from {{ ref('int_berka_balances_folded') }}
),

-- a loan is owed as granted, less the loan payments its account has made since
loan_movements as (
    select
        loan_id,
        granted_date as balance_date,
        principal_amount as movement_amount,
        received_date
    from {{ ref('int_berka_loans_deduplicated') }}
    union all
    select
        loan.loan_id,
        payment.transaction_date as balance_date,
        -payment.transaction_amount as movement_amount,
        payment._received_date as received_date
    from {{ ref('int_berka_loans_deduplicated') }} as loan
    inner join {{ ref('stg_berka__transactions') }} as payment
        on
            loan.source_account_id = payment.source_account_id
            and loan.granted_date <= payment.transaction_date
    where payment.purpose_code = 'loan_payment'
),

loan_days as (
    select
        loan_id,
        balance_date,
        cast(sum(movement_amount) as decimal(18, 2)) as movement_amount,
        max(received_date) as received_date
    from loan_movements
    group by loan_id, balance_date
),

loan_balances as (
    select
        'L' || loan_id as source_account_id,
        balance_date,
        cast(sum(movement_amount) over (partition by loan_id order by balance_date nulls last)
            as decimal(18, 2)) as balance_amount,
        max(received_date) over (partition by loan_id order by balance_date nulls last) as received_date
    from loan_days
)

select
    source_account_id,
    received_date,
    cast(1 as bigint) as line_number,
    balance_date,
    balance_amount
from account_balances
union all
select
    source_account_id,
    received_date,
    cast(1 as bigint) as line_number,
    balance_date,
    greatest(balance_amount, 0) as balance_amount
from loan_balances
