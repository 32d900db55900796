{#- A mean of few leans on the mean of all, which counts as `weight` observations more; empty where both are
    unknown. -#}
{% macro shrunk(total, observations, mean, weight) -%}
    cast(
        (cast({{ total }} as decimal(18, 8)) + coalesce(cast({{ mean }} as decimal(18, 8)), 0) * {{ weight }})
        / nullif({{ observations }} + {{ weight }}, 0)
        as decimal(18, 8)
    )
{%- endmacro %}

{#- V7: what one unit of money at each coming month's end is worth today: the sum of (retention × discount) to the power
    of 1, 2, … months. `retention`: share of customers that stays from month to month; `annual_rate`: discount of a year. -#}
{% macro annuity(retention, annual_rate, months) -%}
    {%- set kept -%}
        cast({{ retention }} / (1 + cast({{ annual_rate }} as decimal(18, 8)) / 12) as decimal(18, 8))
    {%- endset -%}
    cast(case
        when {{ kept }} = 1 then {{ months }}
        else {{ kept }} * (1 - {{ powered(kept, months) }}) / (1 - {{ kept }})
    end as decimal(18, 8))
{%- endmacro %}

{#- The share that stays from month to month where a probability tells of those who leave within `months`. -#}
{% macro month_retention(probability, months) -%}
    {{ powered('1 - ' ~ probability, 'cast(1 as decimal(18, 8)) / ' ~ months) }}
{%- endmacro %}

{#- V7, V8: what a customer has brought in twelve months, what his present holdings may still bring over the expected
    remaining life, and what he may yet add: three parts that do not overlap. `scores`: customer_id, churn_probability
    and method_code of those whose retention is known; all others stay with the share of policy. A trend downwards
    takes away what present holdings bring and no more. -#}
{% macro lifetimes(scores) -%}
with

measured as (
    select
        expected.*,
        coalesce(score.method_code, 'policy') as retention_method_code,
        retention.retention_rate,
        retention.discount_rate,
        retention.horizon_months,
        retention.annuity_value,
        retention.kept_annuity_value
    from {{ ref('int_customer_margins_expected') }} as expected
    left join {{ scores }} as score on expected.customer_id = score.customer_id
    inner join {{ ref('int_retentions_derived') }} as retention
        on coalesce(cast(score.churn_probability as decimal(9, 4)), -1) = coalesce(retention.churn_probability, -1)
),

discounted as (
    select
        measured.*,
        cast(month_margin_amount * annuity_value as decimal(18, 2)) as present_amount,
        cast(cross_buy_margin_amount * annuity_value as decimal(18, 2)) as cross_buy_amount,
        cast(greatest(trend_margin_amount, -greatest(month_margin_amount, 0)) * annuity_value as decimal(18, 2))
            as increment_amount,
        cast(month_margin_amount * kept_annuity_value as decimal(18, 2)) as kept_amount
    from measured
)

select
    customer_id,
    realised_amount,
    present_amount,
    cross_buy_amount,
    increment_amount,
    cast(cross_buy_amount + increment_amount as decimal(18, 2)) as growth_amount,
    cast(realised_amount + present_amount + cross_buy_amount + increment_amount as decimal(18, 2))
        as lifetime_value_amount,
    kept_amount,
    cast(month_margin_amount as decimal(18, 2)) as month_margin_amount,
    cross_buy_count,
    retention_method_code,
    retention_rate,
    discount_rate,
    horizon_months,
    annuity_value
from discounted
{%- endmacro %}
