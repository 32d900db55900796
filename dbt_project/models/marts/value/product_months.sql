-- C6: what a product brought and cost in a month and who held it; a closed month keeps what was known at its end
select
    account.source_code,
    account.product_code,
    account.product_class_code,
    cast(sum(
        month.deposit_contribution_amount + month.loan_contribution_amount + month.fee_amount
        - month.transaction_cost_amount - month.service_cost_amount
    ) as decimal(18, 2)) as contribution_amount,
    cast(sum(month.fixed_cost_amount) as decimal(18, 2)) as fixed_cost_amount,
    cast(sum(month.deposit_average_amount + month.loan_average_amount) as decimal(18, 2)) as volume_amount,
    count(*) as account_count,
    count(distinct account.customer_id) as customer_count,
    sum(case when {{ month_number('account.opened_date') }} = month.month_number then 1 else 0 end) as opened_count,
    month.month_number
from {{ ref('account_value_months') }} as month
inner join {{ ref('accounts') }} as account on month.account_id = account.account_id
where month.month_number = {{ business_month() }}
group by account.source_code, account.product_code, account.product_class_code, month.month_number
