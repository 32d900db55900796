-- L3, L5, L6, L10: what a customer holds, since when, how often he came back for more, and what leaving would cost him
with

held as (
    select
        customer_id,
        account_id,
        max(case when is_current then 1 else 0 end) = 1 as is_current,
        max(case when is_primary then 1 else 0 end) = 1 as is_primary
    from {{ ref('account_holders') }}
    where role_weight > 0 or is_primary
    group by customer_id, account_id
),

balances as (
    select
        customer_id,
        account_id,
        cast(greatest(sum(base_balance_amount), 0) as decimal(18, 2)) as balance_amount
    from {{ ref('holder_balances') }}
    group by customer_id, account_id
),

accounts as (
    select
        held.customer_id,
        held.is_primary,
        held.is_current and account.closed_date is null as is_open,
        account.product_class_code,
        account.family_code,
        account.side_code,
        account.aum_weight,
        account.opened_date,
        account.opened_date > {{ window_eve('repeat_purchase_months') }} as is_recent,
        coalesce(account.maturity_date > {{ business_date() }}, true) as is_running,
        greatest(coalesce(account.annual_rate, 0) - {{ policy_value('early_withdrawal_rate') }}, 0) as lost_rate,
        greatest({{ days_between('account.opened_date', business_date()) }}, 0) as held_days,
        coalesce(balance.balance_amount, 0) as balance_amount
    from held
    inner join {{ ref('accounts') }} as account on held.account_id = account.account_id
    left join balances as balance on held.account_id = balance.account_id and held.customer_id = balance.customer_id
),

costed as (
    select
        accounts.*,
        cast(case
            when is_open and is_running and product_class_code = 'term_deposit'
                then balance_amount * lost_rate * held_days / {{ policy_count('day_count_basis_days') }}
            when is_open and is_running and family_code = 'loan' and side_code = 'liability'
                then balance_amount * {{ policy_value('prepayment_penalty_share') }}
            when is_open and is_primary and family_code = 'card'
                then {{ policy_value('card_closing_fee_amount') }}
            else 0
        end as decimal(18, 2)) as leaving_cost_amount
    from accounts
)

select
    customer_id,
    {{ whole_months('min(opened_date)', business_date()) }} as tenure_months,
    count(case when is_open then 1 end) as account_count,
    count(distinct case when is_open then product_class_code end) as open_class_count,
    count(case when is_recent then 1 end) as recent_purchase_count,
    min(opened_date) > {{ window_eve('repeat_purchase_months') }} as is_first_recent,
    cast(sum(leaving_cost_amount) as decimal(18, 2)) as leaving_cost_amount,
    cast(sum(case
        when side_code = 'asset' then balance_amount * aum_weight
        when family_code = 'loan' then balance_amount
        else 0
    end) as decimal(18, 2)) as entrusted_amount
from costed
group by customer_id
