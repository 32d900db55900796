-- from which month on tonight builds what each holder holds: everybody's business month, more of who is re-opened
select
    holder.account_id,
    holder.customer_id,
    holder.is_primary,
    holder.holder_share,
    account.source_code,
    account.product_code,
    {{ 'coalesce(again.from_month, ' ~ business_month() ~ ')' if var('since') else 0 }} as from_month
from {{ ref('account_holders') }} as holder
inner join {{ ref('accounts') }} as account on holder.account_id = account.account_id
left join {{ ref('int_customers_reopened') }} as again on holder.customer_id = again.customer_id
where holder.is_current and (holder.holder_share > 0 or holder.is_primary)
