-- V5, V6, V11, V12: what a customer is worth to the bank as of the business date, zeros where there was nothing. A
-- share of a total that is not positive says nothing
{%- set amounts = value_amounts() %}
with

measured as (
    select
        customer.customer_id,
        customer.customer_kind_code,
        customer.branch_id
        {%- for amount in amounts %},
        coalesce(value.{{ amount }}_1m_amount, 0) as {{ amount }}_1m_amount
        {%- endfor %},
        coalesce(value.current_value_3m_amount, 0) as current_value_3m_amount
        {%- for amount in amounts %},
        coalesce(value.{{ amount }}_12m_amount, 0) as {{ amount }}_12m_amount
        {%- endfor %},
        coalesce(value.revenue_12m_amount, 0) as revenue_12m_amount,
        coalesce(linked.linked_value_12m_amount, 0) as linked_value_12m_amount,
        coalesce(product.product_class_count, 0) as product_class_count,
        coalesce(product.product_count, 0) as product_count,
        activity.aum_year_average_amount as retained_amount,
        activity.aum_month_average_amount,
        wallet.wallet_confidence_code,
        wallet.elsewhere_amount
    from {{ ref('customers') }} as customer
    inner join {{ ref('customer_activity_months') }} as activity
        on customer.customer_id = activity.customer_id and activity.month_number = {{ business_month() }}
    inner join {{ ref('int_customer_wallets_estimated') }} as wallet on customer.customer_id = wallet.customer_id
    left join {{ ref('int_customer_values_trailed') }} as value on customer.customer_id = value.customer_id
    left join {{ ref('int_customer_values_linked') }} as linked on customer.customer_id = linked.customer_id
    left join {{ ref('int_customer_products_counted') }} as product on customer.customer_id = product.customer_id
),

totals as (
    select
        measured.*,
        cast(sum(current_value_12m_amount) over (partition by branch_id) as decimal(18, 2)) as branch_value_amount,
        cast(sum(current_value_12m_amount) over () as decimal(18, 2)) as bank_value_amount,
        aum_month_average_amount + elsewhere_amount as wallet_amount
    from measured
)

select
    customer_id,
    customer_kind_code,
    branch_id
    {%- for amount in amounts %},
    cast({{ amount }}_1m_amount as decimal(18, 2)) as {{ amount }}_1m_amount
    {%- endfor %},
    cast(current_value_3m_amount as decimal(18, 2)) as current_value_3m_amount
    {%- for amount in amounts %},
    cast({{ amount }}_12m_amount as decimal(18, 2)) as {{ amount }}_12m_amount
    {%- endfor %},
    cast(revenue_12m_amount as decimal(18, 2)) as revenue_12m_amount,
    cast(
        case
            when branch_id is not null and branch_value_amount > 0
                then current_value_12m_amount / branch_value_amount
        end as decimal(18, 8)
    ) as branch_value_share,
    cast(case when bank_value_amount > 0 then current_value_12m_amount / bank_value_amount end as decimal(18, 8))
        as bank_value_share,
    cast(linked_value_12m_amount as decimal(18, 2)) as linked_value_12m_amount,
    product_class_count,
    product_count,
    cast(retained_amount as decimal(18, 2)) as retained_amount,
    cast(
        case
            when wallet_confidence_code <> 'none' and wallet_amount > 0 then aum_month_average_amount / wallet_amount
        end as decimal(18, 8)
    ) as wallet_share,
    case when wallet_amount > 0 then wallet_confidence_code else 'none' end as wallet_confidence_code,
    cast(elsewhere_amount as decimal(18, 2)) as elsewhere_amount
from totals
