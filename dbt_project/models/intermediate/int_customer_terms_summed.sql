-- C2: a customer's part of what lies in running term deposits, and of what falls due within the policy's days
with

held as (
    select
        holder.customer_id,
        account.maturity_date,
        greatest(holder.base_balance_amount, 0) as balance_amount,
        account.maturity_date <= {{ add_days(business_date(), policy_count('churn_maturity_days')) }} as is_maturing
    from {{ ref('holder_balances') }} as holder
    inner join {{ ref('accounts') }} as account on holder.account_id = account.account_id
    where
        account.product_class_code = 'term_deposit'
        and account.closed_date is null
        and account.maturity_date > {{ business_date() }}
)

select
    customer_id,
    cast(sum(balance_amount) as decimal(18, 2)) as term_amount,
    cast(sum(case when is_maturing then balance_amount else 0 end) as decimal(18, 2)) as maturing_amount,
    {{ days_between(business_date(), 'min(case when balance_amount > 0 then maturity_date end)') }} as days_to_maturity
from held
group by customer_id
