-- T4: what decides a person's maintenance layer: what is held at day end, spent in a year, and which conditions of
-- the scope hold
with

spent as (
    select
        customer_id,
        cast(sum(card_spend_amount) as decimal(18, 2)) as card_spend_amount
    from {{ ref('customer_months') }}
    where month_number > {{ business_month() }} - 12
    group by customer_id
),

carried as (
    select distinct account.customer_id
    from {{ ref('accounts') }} as account
    inner join {{ source('policy', 'scope_products') }} as product
        on
            account.source_code = product.source_code
            and account.product_code = product.product_code
            and {{ in_force('product') }}
    where account.closed_date is null
),

measured as (
    select
        person.customer_id,
        person.branch_id,
        {{ whole_years('customer.birth_date', business_date()) }} as age_years,
        cast(coalesce(activity.aum_amount, 0) as decimal(18, 2)) as asset_amount,
        cast(coalesce(activity.aum_month_average_amount, 0) as decimal(18, 2)) as month_average_amount,
        cast(coalesce(spent.card_spend_amount, 0) as decimal(18, 2)) as card_spend_amount,
        cast(coalesce(holding.loan_amount, 0) as decimal(18, 2)) as loan_amount,
        cast(coalesce(holding.custody_amount, 0) as decimal(18, 2)) as custody_amount,
        carried.customer_id is not null as has_scope_product
    from {{ ref('int_persons_scoped') }} as person
    inner join {{ ref('customers') }} as customer on person.customer_id = customer.customer_id
    left join {{ ref('customer_activity_months') }} as activity
        on person.customer_id = activity.customer_id and activity.month_number = {{ business_month() }}
    left join {{ ref('customer_holdings') }} as holding on person.customer_id = holding.customer_id
    left join spent on person.customer_id = spent.customer_id
    left join carried on person.customer_id = carried.customer_id
)

select
    customer_id,
    branch_id,
    age_years,
    asset_amount,
    month_average_amount,
    nullif(concat_ws(
        ', ',
        case when asset_amount >= {{ policy_value('scope_asset_amount') }}
            then 'assets ' || {{ policy_code('scope_asset_amount') }} end,
        case when card_spend_amount >= {{ policy_value('scope_card_spend_amount') }}
            then 'card_spend ' || {{ policy_code('scope_card_spend_amount') }} end,
        case when loan_amount >= {{ policy_value('scope_loan_amount') }}
            then 'loan ' || {{ policy_code('scope_loan_amount') }} end,
        case when custody_amount >= {{ policy_value('scope_custody_amount') }}
            then 'custody ' || {{ policy_code('scope_custody_amount') }} end,
        case when has_scope_product then 'card' end
    ), '') as scope_text
from measured
