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
