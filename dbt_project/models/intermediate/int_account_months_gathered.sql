-- an account counts in a month in which it is open on a day, holds or does something; before the bank was told of it
-- only where it holds or does something
{%- set reopened = 'int_account_values_reopened' %}
with

told as (
    select
        {{ bank_account_id('source_code', 'source_account_id') }} as account_id,
        {{ month_number('min(received_date)') }} as first_month
    from {{ ref('int_accounts_unioned') }}
    group by source_code, source_account_id
),

known as (
    select
        account.*,
        greatest(
            {{ month_number('account.opened_date') }},
            told.first_month,
            {{ 'coalesce(again.from_month, ' ~ business_month() ~ ')' if var('since') else 0 }}
        ) as from_month
    from {{ ref('accounts') }} as account
    inner join told on account.account_id = told.account_id
    left join {{ ref(reopened) }} as again on account.account_id = again.account_id
),

balances as (
    {{ months_built(ref('account_months'), reopened) }}
),

activities as (
    {{ months_built(ref('account_activity_months'), reopened) }}
),

spanned as (
    select
        account.account_id,
        month.month_number
    from known as account
    inner join {{ ref('months') }} as month
        on
            month.month_number >= {{ first_built(reopened) }}
            and account.from_month <= month.month_number
            and account.opened_date <= month.last_date
            and (account.closed_date is null or account.closed_date > month.first_date)
    union
    select
        account_id,
        month_number
    from balances
    union
    select
        account_id,
        month_number
    from activities
)

select
    spanned.account_id,
    account.source_code,
    account.product_code,
    account.opened_date,
    account.opened_date <= month.last_date
    and (account.closed_date is null or account.closed_date > month.first_date) as is_open,
    month.first_date,
    month.last_date,
    coalesce(balance.base_month_average_amount, 0) as average_amount,
    coalesce(balance.base_overdraft_month_average_amount, 0) as overdraft_average_amount,
    coalesce(activity.fee_amount, 0) as fee_amount,
    coalesce(activity.interest_income_amount, 0) as interest_income_amount,
    coalesce(activity.transaction_cost_amount, 0) as transaction_cost_amount,
    spanned.month_number
from spanned
inner join {{ ref('accounts') }} as account on spanned.account_id = account.account_id
inner join {{ ref('months') }} as month on spanned.month_number = month.month_number
left join balances as balance
    on spanned.account_id = balance.account_id and spanned.month_number = balance.month_number
left join activities as activity
    on spanned.account_id = activity.account_id and spanned.month_number = activity.month_number
