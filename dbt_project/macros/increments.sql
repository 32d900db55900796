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

{#- The month as of which the marts stand, of a build that goes on: the business month or the one before it. -#}
{% macro standing_month() -%}
    {{ var('since')[:4] | int * 12 + var('since')[5:7] | int - 1 }}
{%- endmacro %}

{#- A mart as it stands from the former build. No ref: what decides which of its rows are re-opened comes before it. -#}
{% macro standing(name) -%}
    {{ workspace_schema('marts') }}.{{ name }}
{%- endmacro %}

{#- The first closed month that changes, null when none does; a scalar, by which partitions are pruned. -#}
{% macro first_reopened(reopened) -%}
    (select min(first.from_month) from {{ reopened }} as first)
{%- endmacro %}

{#- The first month of which tonight builds something: any of a build from nothing. -#}
{% macro first_built(reopened) -%}
    {% if var('since') %}coalesce({{ first_reopened(ref(reopened)) }}, {{ business_month() }}){% else %}0{% endif %}
{%- endmacro %}

{#- The closed months that may change, as a query: pruned by it, the planner knows better how many rows a month has than
    by two bounds of which one is found out later. -#}
{% macro months_reopened(reopened) -%}
    select month.month_number
    from {{ ref('months') }} as month
    where month.month_number < {{ business_month() }} and month.month_number >= {{ first_reopened(reopened) }}
{%- endmacro %}

{#- The months of a monthly mart kept by account of which tonight builds something: all of a build from nothing, else
    the business month, and of the re-opened accounts those before it from the first that changes. -#}
{% macro months_built(mart, reopened) -%}
    select month.*
    from {{ mart }} as month
    {%- if var('since') %}
    where month.month_number = {{ business_month() }}
    union all
    select month.*
    from {{ mart }} as month
    inner join {{ ref(reopened) }} as again
        on month.account_id = again.account_id and month.month_number >= again.from_month
    where
        month.month_number < {{ business_month() }}
        and month.month_number >= {{ first_reopened(ref(reopened)) }}
    {%- endif %}
{%- endmacro %}

{#- Every version received of what a monthly mart keeps by account: what has arrived, and what stands already of the
    months that are built. -#}
{% macro received_versions(columns, arrived, reopened) -%}
    select {{ columns | join(', ') }}
    from {{ ref(arrived) }}
    {%- if var('since') %}
    union all
    select {{ columns | join(', ') }}
    from ({{ months_built(this, reopened) }}) as former
    where not {{ has_arrived('former.received_date') }}
    {%- endif %}
{%- endmacro %}
