-- from the month of the first delivery, balance or transaction to the business month; months are dense integers
with recursive

firsts as (
    select {{ month_number('min(received_date)') }} as first_month from {{ ref('int_customer_versions_unioned') }}
    union all
    select {{ first_partition([ref('balances'), ref('transactions')]) }} as first_month
),

bounds as (
    select
        min(first_month) as first_month,
        {{ business_month() }} as last_month
    from firsts
),

numbers as (
    select first_month as month_number
    from bounds
    union all
    select numbers.month_number + 1 as month_number
    from numbers
    inner join bounds on numbers.month_number < bounds.last_month
),

bounded as (
    select
        month_number,
        {{ month_first_day('month_number') }} as first_date,
        least({{ month_last_day('month_number') }}, {{ business_date() }}) as last_date
    from numbers
)

select
    month_number,
    first_date,
    last_date,
    {{ days_between('first_date', 'last_date') }} + 1 as day_count
from bounded
