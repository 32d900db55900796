-- the rights that stand on the business date; each holder his part of the balance
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
    cast(balance.balance_amount as decimal(18, 2)) as balance_amount,
    cast(balance.balance_month_average_amount as decimal(18, 2)) as balance_month_average_amount,
    {{ business_date() }} as business_date,
    cast(holder.holder_share as decimal(18, 8)) as holder_share_rate,
    cast(holder.from_date as date) as held_from_date,
    cast(holder.until_date as date) as held_until_date,
    cast(account.maturity_date as date) as maturity_date,
    cast(coalesce(overdue.overdue_days, 0) as integer) as overdue_days,
    cast(balance.base_balance_amount as decimal(18, 2)) as base_balance_amount,
    cast(balance.base_month_average_amount as decimal(18, 2)) as base_balance_month_average_amount,
    cast(flag.is_inactive_small as boolean) as is_inactive_small,
    cast(flag.is_idle_card as boolean) as is_idle_card,
    cast(flag.idle_text as text) as idle_detail
from {{ ref('account_holders') }} as holder
inner join {{ ref('accounts') }} as account on holder.account_id = account.account_id
inner join {{ ref('customers') }} as customer on holder.customer_id = customer.customer_id
inner join {{ ref('holder_balances') }} as balance
    on
        holder.account_id = balance.account_id
        and holder.customer_id = balance.customer_id
        and holder.role_code = balance.role_code
left join {{ ref('account_overdues') }} as overdue on holder.account_id = overdue.account_id
inner join {{ ref('account_idle_flags') }} as flag on holder.account_id = flag.account_id
where holder.is_current
