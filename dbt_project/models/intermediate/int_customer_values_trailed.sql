-- V6: the components of the business month and of the trailing months up to it
{%- set amounts = value_amounts() %}
with

aged as (
    select
        month.*,
        {{ business_month() }} - month.month_number as age_months
    from {{ ref('customer_value_months') }} as month
    where month.month_number > {{ business_month() }} - 12
)

select
    customer_id
    {%- for amount in amounts %},
    cast(sum(case when age_months < 1 then {{ amount }}_amount else 0 end) as decimal(18, 2)) as {{ amount }}_1m_amount
    {%- endfor %},
    cast(sum(case when age_months < 3 then current_value_amount else 0 end) as decimal(18, 2))
        as current_value_3m_amount
    {%- for amount in amounts %},
    cast(sum({{ amount }}_amount) as decimal(18, 2)) as {{ amount }}_12m_amount
    {%- endfor %},
    cast(sum(deposit_contribution_amount + loan_contribution_amount + fee_amount) as decimal(18, 2))
        as revenue_12m_amount
from aged
group by customer_id
