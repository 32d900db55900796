select
    cast(account.account_id as text) as account_id,
    cast(holder.customer_id as text) as customer_id,
    cast(customer.branch_id as text) as branch_id,
    cast(account.branch_id as text) as account_branch_id,
    cast(account.source_code as text) as source_code,
    cast(account.source_account_id as text) as source_account_id,
    cast(account.product_code as text) as product_code,
    cast(account.product_class_code as text) as product_class_code,
    cast(holder.role_code as text) as role_code,
    cast(account.currency_code as text) as currency_code,
    cast(account.opened_date as date) as opened_date,
    cast(account.closed_date as date) as closed_date,
    cast(account.closed_date is null as boolean) as is_open,
    cast(
        case holder.role_code when 'owner' then coalesce(month.balance_amount, 0) else 0 end as decimal(18, 2)
    ) as balance_amount,
    cast(
        case holder.role_code when 'owner' then coalesce(month.balance_month_average_amount, 0) else 0 end
        as decimal(18, 2)
    ) as balance_month_average_amount,
    {{ business_date() }} as business_date
from {{ ref('account_holders') }} as holder
inner join {{ ref('accounts') }} as account on holder.account_id = account.account_id
inner join {{ ref('customers') }} as customer on holder.customer_id = customer.customer_id
left join {{ ref('account_months') }} as month
    on
        account.account_id = month.account_id
        and month.month_number = {{ month_number(business_date()) }}
