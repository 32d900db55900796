{#- The night's business date as a literal, so that every engine can prune partitions by it. -#}
{% macro business_date() -%}
    cast('{{ var("business_date") }}' as date)
{%- endmacro %}

{#- Whole months from one day to another. -#}
{% macro whole_months(from_day, to_day) -%}
    ({{ month_number(to_day) }} - {{ month_number(from_day) }}
        - case when extract(day from {{ to_day }}) < extract(day from {{ from_day }}) then 1 else 0 end)
{%- endmacro %}

{% macro whole_years(from_day, to_day) -%}
    cast(floor(cast({{ whole_months(from_day, to_day) }} as decimal(18, 4)) / 12) as integer)
{%- endmacro %}
