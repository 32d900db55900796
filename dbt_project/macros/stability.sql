{#- The parts of each score, in the order in which they are published (code_set stability_part). -#}
{% macro score_parts() -%}
    {{ return({
        'stability': ['credit', 'income_volatility', 'asset_volatility', 'income_growth', 'growth'],
        'loyalty': [
            'switching_cost', 'price_sensitivity', 'duration', 'continuity_days', 'continuity_kinds', 'cooperation',
            'feedback', 'repeat_purchase'
        ],
    }) }}
{%- endmacro %}

{#- One end of the scale of a part. -#}
{% macro scale_value(column, score_code, part_code) -%}
    cast((
        select score_scale.{{ column }}
        from {{ source('policy', 'score_scales') }} as score_scale
        where
            score_scale.score_code = '{{ score_code }}'
            and score_scale.part_code = '{{ part_code }}'
            and {{ in_force('score_scale') }}
    ) as decimal(18, 8))
{%- endmacro %}

{#- Where a measure lies on the scale of a part: 0 at its low value and beyond, 1 at its high value and beyond,
    straight in between; either end may be the greater. A missing measure has no score. -#}
{% macro scaled(measure, score_code, part_code) -%}
    {%- set low = scale_value('low_value', score_code, part_code) -%}
    {%- set high = scale_value('high_value', score_code, part_code) -%}
    cast(case
        when {{ measure }} is not null
            then greatest(least(({{ measure }} - {{ low }}) / ({{ high }} - {{ low }}), 1), 0)
    end as decimal(18, 8))
{%- endmacro %}

{#- The last month that had ended by the business date: sums of a month are held against whole months only. -#}
{% macro last_full_month() -%}
    ({{ month_number(add_days(business_date(), 1)) }} - 1)
{%- endmacro %}

{#- The first of the days that a window of so many months up to the business date leaves out. -#}
{% macro window_eve(parameter_code) -%}
    {{ add_months(business_date(), '-' ~ policy_count(parameter_code)) }}
{%- endmacro %}
