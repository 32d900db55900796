-- balances at the end of the business day by product class and family, each holder his part; an overdrawn account is a
-- liability, never negative AUM
with

held as (
    select
        holder.customer_id,
        holder.account_id,
        max(case when holder.is_current then 1 else 0 end) = 1 as is_current
    from {{ ref('account_holders') }} as holder
    where holder.role_weight > 0 or holder.is_primary
    group by holder.customer_id, holder.account_id
),

balances as (
    select
        customer_id,
        account_id,
        cast(sum(base_balance_amount) as decimal(18, 2)) as balance_amount
    from {{ ref('holder_balances') }}
    group by customer_id, account_id
),

accounts as (
    select
        held.customer_id,
        held.is_current and account.closed_date is null as is_open,
        account.product_class_code,
        account.family_code,
        account.side_code,
        account.opened_date,
        coalesce(balance.balance_amount, 0) as balance_amount,
        case when held.is_current then overdue.overdue_days end as overdue_days
    from held
    inner join {{ ref('accounts') }} as account on held.account_id = account.account_id
    left join balances as balance
        on held.account_id = balance.account_id and held.customer_id = balance.customer_id
    left join {{ ref('account_overdues') }} as overdue on held.account_id = overdue.account_id
)

select
    customer_id,
    min(opened_date) as first_opened_date,
    cast(count(*) as integer) as ever_account_count,
    cast(sum(case when is_open then 1 else 0 end) as integer) as account_count
    {%- for class in ['current_deposit', 'term_deposit'] %},
    cast(sum(case when product_class_code = '{{ class }}' then greatest(balance_amount, 0) else 0 end)
        as decimal(18, 2)) as {{ class }}_amount
    {%- endfor %}
    {%- for family in ['deposit', 'investment', 'insurance', 'custody'] %},
    cast(sum(case when family_code = '{{ family }}' and side_code = 'asset' then greatest(balance_amount, 0) else 0 end)
        as decimal(18, 2)) as {{ family }}_amount
    {%- endfor %}
    {%- for family in ['loan', 'card'] %},
    cast(sum(case when family_code = '{{ family }}' and side_code = 'liability' then balance_amount else 0 end)
        as decimal(18, 2)) as {{ family }}_amount
    {%- endfor %},
    cast(sum(case when side_code = 'asset' then greatest(balance_amount, 0) else 0 end)
        as decimal(18, 2)) as asset_amount,
    cast(sum(case when side_code = 'asset' then greatest(-balance_amount, 0) else 0 end)
        as decimal(18, 2)) as overdraft_amount,
    cast(sum(case side_code
        when 'liability' then balance_amount
        when 'asset' then greatest(-balance_amount, 0)
        else 0
    end) as decimal(18, 2)) as liability_amount,
    cast(coalesce(max(overdue_days), 0) as integer) as overdue_days
from accounts
group by customer_id
