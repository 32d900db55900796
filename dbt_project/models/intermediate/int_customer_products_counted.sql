-- V5: the kinds and the number of open accounts, of which one is holder
select
    holder.customer_id,
    cast(count(distinct account.product_class_code) as integer) as product_class_count,
    cast(count(distinct account.account_id) as integer) as product_count
from {{ ref('account_holders') }} as holder
inner join {{ ref('accounts') }} as account on holder.account_id = account.account_id
where holder.is_current and account.closed_date is null and (holder.role_weight > 0 or holder.is_primary)
group by holder.customer_id
