-- which classes of product a customer holds, held when the policy's window of taking up began, and took up within it
with

held as (
    select distinct
        customer_id,
        account_id
    from {{ ref('account_holders') }}
    where role_weight > 0 or is_primary
),

accounts as (
    select
        held.customer_id,
        account.product_class_code,
        account.closed_date is null as is_open,
        account.opened_date <= {{ window_eve('cross_buy_take_up_months') }} as is_former,
        coalesce(account.closed_date > {{ window_eve('cross_buy_take_up_months') }}, true) as is_later
    from held
    inner join {{ ref('accounts') }} as account on held.account_id = account.account_id
    where account.product_class_code is not null and account.opened_date <= {{ business_date() }}
)

select
    customer_id,
    product_class_code,
    max(case when is_open then 1 else 0 end) = 1 as is_held,
    max(case when is_former and is_later then 1 else 0 end) = 1 as was_held,
    max(case when is_former then 0 else 1 end) = 1 as is_opened
from accounts
group by customer_id, product_class_code
