-- a proxy of what a customer may yet bring (L11, V5, V11): growth of assets and income, kinds of product not yet
-- held, share held elsewhere. Weights of policy over the parts that are known; to be replaced by a model of V7
{%- set parts = ['growth', 'income_growth', 'breadth_gap', 'share_elsewhere'] %}
with

measured as (
    select
        value.customer_id,
        value.current_value_12m_amount,
        value.revenue_12m_amount,
        growth.score as growth_score,
        income.score as income_growth_score,
        cast(
            greatest(0, {{ policy_value('potential_full_class_count') }} - value.product_class_count)
            / {{ policy_value('potential_full_class_count') }} as decimal(18, 8)
        ) as breadth_gap_score,
        cast(1 - value.wallet_share as decimal(18, 8)) as share_elsewhere_score
    from {{ ref('customer_trailing_values') }} as value
    left join {{ ref('stability_parts') }} as growth
        on value.customer_id = growth.customer_id and growth.score_code = 'stability' and growth.part_code = 'growth'
    left join {{ ref('stability_parts') }} as income
        on
            value.customer_id = income.customer_id
            and income.score_code = 'stability'
            and income.part_code = 'income_growth'
),

weights as (
    select
        {%- for part in parts %}
        {{ policy_weight('potential', part) }} as {{ part }}_weight{{ ',' if not loop.last }}
        {%- endfor %}
),

weighed as (
    select
        measured.*,
        cast(
            {%- for part in parts %}
            coalesce(measured.{{ part }}_score * weights.{{ part }}_weight, 0){{ ' +' if not loop.last }}
            {%- endfor %}
            as decimal(18, 8)
        ) as weighted_score,
        cast(
            {%- for part in parts %}
            case when measured.{{ part }}_score is null then 0 else weights.{{ part }}_weight end
            {{- ' +' if not loop.last }}
            {%- endfor %}
            as decimal(18, 8)
        ) as known_weight
    from measured
    cross join weights
),

scored as (
    select
        weighed.*,
        cast(coalesce(weighted_score / nullif(known_weight, 0), 0) as decimal(18, 8)) as potential_score
    from weighed
),

valued as (
    select
        scored.*,
        cast(
            greatest(revenue_12m_amount, 0) * potential_score * {{ policy_value('potential_value_months') }} / 12
            as decimal(18, 2)
        ) as potential_value_amount
    from scored
)

select
    customer_id,
    potential_score,
    potential_value_amount,
    cast(
        current_value_12m_amount
        + current_value_12m_amount * {{ policy_value('lifetime_retention_share') }}
        * {{ policy_value('lifetime_value_months') }} / 12
        + potential_value_amount as decimal(18, 2)
    ) as lifetime_value_amount
from valued
