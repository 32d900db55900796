-- V6, U4: as of the business date; amounts of the business month and of the trailing 12
{%- set amounts = value_amounts() %}
select
    cast(customer_id as text) as customer_id,
    cast(customer_kind_code as text) as customer_kind_code,
    cast(branch_id as text) as branch_id
    {%- for amount in amounts %},
    cast({{ amount }}_1m_amount as decimal(18, 2)) as {{ amount }}_1m_amount
    {%- endfor %},
    cast(current_value_3m_amount as decimal(18, 2)) as current_value_3m_amount
    {%- for amount in amounts %},
    cast({{ amount }}_12m_amount as decimal(18, 2)) as {{ amount }}_12m_amount
    {%- endfor %},
    cast(revenue_12m_amount as decimal(18, 2)) as revenue_12m_amount,
    cast(branch_value_share as decimal(18, 8)) as branch_value_share,
    cast(bank_value_share as decimal(18, 8)) as bank_value_share,
    cast(linked_value_12m_amount as decimal(18, 2)) as linked_value_12m_amount,
    cast(product_class_count as integer) as product_class_count,
    cast(product_count as integer) as product_count,
    cast(retained_amount as decimal(18, 2)) as retained_amount,
    cast(wallet_share as decimal(18, 8)) as wallet_share,
    cast(wallet_confidence_code as text) as wallet_confidence_code,
    cast(elsewhere_amount as decimal(18, 2)) as elsewhere_amount,
    cast({{ policy_code('base_currency') }} as text) as currency_code,
    {{ business_date() }} as business_date
from {{ ref('customer_trailing_values') }}
