-- what a customer may yet bring, as the tiers read it. The amounts are those of V7 and V8, by the scores of the last
-- month end: tonight's follow the tiers. The score is a proxy, as T1 names no measure of promise: weights of policy
-- over what is known of growth of assets and income (L11), kinds of product not yet held (V5), share elsewhere (V11)
{%- set parts = ['growth', 'income_growth', 'breadth_gap', 'share_elsewhere'] %}
with

lifetimes as (
    {{ lifetimes(ref('int_churn_scores_recalled')) }}
),

measured as (
    select
        value.customer_id,
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
)

select
    scored.customer_id,
    scored.potential_score,
    cast(lifetime.present_amount + lifetime.growth_amount as decimal(18, 2)) as potential_value_amount,
    lifetime.lifetime_value_amount,
    lifetime.retention_method_code
from scored
inner join lifetimes as lifetime on scored.customer_id = lifetime.customer_id
