{#- The marts stand as of a business date and go on from there: a build takes what was received after it, replaces
    the partition of its own month whole and, in closed months, the rows of what was re-opened. -#}

{#- Whether a row was received after the marts were last built. -#}
{% macro has_arrived(received_date) -%}
    {% if var('since') %}{{ received_date }} > cast('{{ var("since") }}' as date){% else %}true{% endif %}
{%- endmacro %}

{#- Whether a day lies after the date as of which the marts stand, up to the business date. -#}
{% macro has_come(day) -%}
    {% if var('since') %}{{ day }} > cast('{{ var("since") }}' as date) and {% endif %}{{ day }} <= {{ business_date() }}
{%- endmacro %}

{#- The business month as a literal, so that every engine can prune partitions by it. -#}
{% macro business_month() -%}
    {{ var('business_date')[:4] | int * 12 + var('business_date')[5:7] | int - 1 }}
{%- endmacro %}

{#- A mart as it stands from the former build. No ref: what decides which of its rows are re-opened comes before it. -#}
{% macro standing(name) -%}
    {{ workspace_schema('marts') }}.{{ name }}
{%- endmacro %}

{#- The first closed month that changes, null when none does; a scalar, by which partitions are pruned. -#}
{% macro first_reopened(reopened) -%}
    (select min(first.from_month) from {{ reopened }} as first)
{%- endmacro %}
