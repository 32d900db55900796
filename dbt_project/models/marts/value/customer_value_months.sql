-- V6: what a customer brought and cost, month by month; it can be negative. The risk-adjusted amount feeds no tier.
-- Past months follow today's holders
{%- set families = fee_families() %}
{%- set own = ['transaction_cost', 'service_cost', 'fixed_cost'] %}
with

months as (
    select
        month_number,
        {{ policy_value('default_probability_unrated', 'last_date') }} as unrated_probability,
        {{ policy_value('loss_given_default_share', 'last_date') }} as loss_share
    from {{ ref('months') }}
),

seen as (
    select
        customer_id,
        month_number
    from {{ ref('int_customer_values_summed') }}
    union
    select
        customer_id,
        month_number
    from {{ ref('int_customer_privileges_summed') }}
),

amounts as (
    select
        seen.customer_id
        {%- for amount in ['deposit_contribution', 'loan_contribution', 'loan_average', 'fee'] + own %},
        coalesce(value.{{ amount }}_amount, 0) as {{ amount }}_amount
        {%- endfor %}
        {%- for family in families %},
        coalesce(value.{{ family }}_fee_amount, 0) as {{ family }}_fee_amount
        {%- endfor %},
        coalesce(privilege.privilege_cost_amount, 0) as privilege_cost_amount,
        coalesce(value.transaction_cost_amount, 0)
        + coalesce(value.service_cost_amount, 0)
        + coalesce(privilege.privilege_cost_amount, 0) as variable_cost_amount,
        coalesce(grade.default_probability, month.unrated_probability) as default_probability,
        month.loss_share,
        seen.month_number
    from seen
    inner join months as month on seen.month_number = month.month_number
    left join {{ ref('int_customer_values_summed') }} as value
        on seen.customer_id = value.customer_id and seen.month_number = value.month_number
    left join {{ ref('int_customer_privileges_summed') }} as privilege
        on seen.customer_id = privilege.customer_id and seen.month_number = privilege.month_number
    left join {{ ref('int_customer_months_graded') }} as grade
        on seen.customer_id = grade.customer_id and seen.month_number = grade.month_number
),

totals as (
    select
        amounts.*,
        deposit_contribution_amount + loan_contribution_amount + fee_amount - variable_cost_amount
            as current_value_amount,
        cast(
            cast(cast(loan_average_amount * default_probability as decimal(18, 8)) * loss_share as decimal(18, 8)) / 12
            as decimal(18, 2)
        ) as expected_loss_amount
    from amounts
)

select
    customer_id,
    cast(deposit_contribution_amount as decimal(18, 2)) as deposit_contribution_amount,
    cast(loan_contribution_amount as decimal(18, 2)) as loan_contribution_amount
    {%- for family in families %},
    cast({{ family }}_fee_amount as decimal(18, 2)) as {{ family }}_fee_amount
    {%- endfor %}
    {%- for amount in ['fee', 'transaction_cost', 'service_cost', 'privilege_cost', 'variable_cost'] %},
    cast({{ amount }}_amount as decimal(18, 2)) as {{ amount }}_amount
    {%- endfor %},
    cast(current_value_amount as decimal(18, 2)) as current_value_amount,
    cast(fixed_cost_amount as decimal(18, 2)) as fixed_cost_amount,
    cast(current_value_amount - fixed_cost_amount as decimal(18, 2)) as allocated_value_amount,
    expected_loss_amount,
    cast(current_value_amount - expected_loss_amount as decimal(18, 2)) as risk_adjusted_value_amount,
    month_number
from totals
