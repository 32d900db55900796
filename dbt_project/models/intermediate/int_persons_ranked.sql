-- positions: the share of persons with a strictly lower value, so that equal values stand equal; with the four
-- places that reasons show, so that who shows the same score is in the same class (law 13)
{%- set measures = {
    'current_value': 'current_value_amount',
    'potential': 'potential_score',
    'breadth': 'product_class_count',
    'retained': 'retained_amount',
    'potential_value': 'potential_value_amount',
    'lifetime_value': 'lifetime_value_amount',
} %}
with

measured as (
    select
        person.customer_id,
        person.branch_id,
        cast(coalesce(value.current_value_12m_amount, 0) as decimal(18, 2)) as current_value_amount,
        coalesce(value.product_class_count, 0) as product_class_count,
        cast(coalesce(value.retained_amount, 0) as decimal(18, 2)) as retained_amount,
        cast(coalesce(potential.potential_score, 0) as decimal(18, 4)) as potential_score,
        cast(coalesce(potential.potential_value_amount, 0) as decimal(18, 2)) as potential_value_amount,
        cast(coalesce(potential.lifetime_value_amount, 0) as decimal(18, 2)) as lifetime_value_amount,
        coalesce(potential.retention_method_code, 'policy') as retention_method_code,
        cast(stability.stability_score as decimal(18, 4)) as stability_score,
        cast(stability.loyalty_score as decimal(18, 4)) as loyalty_score
    from {{ ref('int_persons_scoped') }} as person
    left join {{ ref('customer_trailing_values') }} as value on person.customer_id = value.customer_id
    left join {{ ref('customer_potentials') }} as potential on person.customer_id = potential.customer_id
    left join {{ ref('customer_stability_scores') }} as stability on person.customer_id = stability.customer_id
),

ranked as (
    select
        measured.*,
        {%- for name, measure in measures.items() %}
        cast(rank() over (order by {{ measure }} nulls first) - 1 as decimal(18, 8)) as {{ name }}_below_count,
        {%- endfor %}
        cast(count(*) over () as decimal(18, 0)) as person_count
    from measured
),

placed as (
    select
        ranked.*
        {%- for name in measures %},
        cast({{ name }}_below_count / person_count as decimal(18, 4)) as {{ name }}_position
        {%- endfor %}
    from ranked
)

select
    customer_id,
    branch_id,
    current_value_amount,
    potential_score,
    potential_value_amount,
    lifetime_value_amount,
    retention_method_code,
    stability_score,
    loyalty_score,
    current_value_position,
    potential_value_position,
    lifetime_value_position,
    cast(
        current_value_position * {{ policy_weight('profitability', 'current_value') }}
        + potential_position * {{ policy_weight('profitability', 'potential') }}
        + breadth_position * {{ policy_weight('profitability', 'breadth') }}
        + retained_position * {{ policy_weight('profitability', 'retained') }}
        as decimal(18, 4)
    ) as profitability_score
from placed
