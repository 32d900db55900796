{#- The marts stand as of a business date and go on from there: a build takes what was received after it, replaces
    the partition of its own month whole and, in closed months, the rows of what was re-opened. -#}

{#- Whether a build goes on from a former one; else it makes everything anew. -#}
{% macro goes_on() -%}
    {{ return(var('since', '') != '') }}
{%- endmacro %}

{#- Whether a row was received after the marts were last built. -#}
{% macro has_arrived(received_date) -%}
    {% if goes_on() %}{{ received_date }} > cast('{{ var("since") }}' as date){% else %}true{% endif %}
{%- endmacro %}

{#- Whether a day lies after the date as of which the marts stand, up to the business date. -#}
{% macro has_come(day) -%}
    {% if goes_on() %}{{ day }} > cast('{{ var("since") }}' as date) and {% endif %}{{ day }} <= {{ business_date() }}
{%- endmacro %}

{#- The business month as a literal, so that every engine can prune partitions by it. -#}
{% macro business_month() -%}
    {%- set year, month = var('business_date').split('-')[:2] -%}
    {{ year | int * 12 + month | int - 1 }}
{%- endmacro %}

{#- A mart as it stands from the former build. No ref: what decides which of its rows are re-opened comes before it. -#}
{% macro standing(name) -%}
    {{ workspace_schema('marts') }}.{{ name }}
{%- endmacro %}
