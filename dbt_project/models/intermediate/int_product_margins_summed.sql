-- V7: what a class of product brought its holders' bank in the whole months of the policy's window; what an account
-- brings is its primary holder's
select
    account.customer_id,
    account.product_class_code,
    cast(sum(
        month.deposit_contribution_amount + month.loan_contribution_amount + month.fee_amount
        - month.transaction_cost_amount - month.service_cost_amount
    ) as decimal(18, 2)) as margin_amount,
    count(distinct month.month_number) as month_count
from {{ ref('account_value_months') }} as month
inner join {{ ref('accounts') }} as account on month.account_id = account.account_id
where
    month.month_number > {{ last_full_month() }} - {{ policy_count('lifetime_margin_months') }}
    and month.month_number <= {{ last_full_month() }}
    and account.product_class_code is not null
group by account.customer_id, account.product_class_code
