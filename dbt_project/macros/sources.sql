{#- The date up to which the typed views see what was received: a row of ops, so that the views stay as they are from
    night to night, and a month end on the way is built from what was known by then. -#}
{% macro as_of() -%}
    (
        select seen.business_date
        from {{ source('ops', 'views') }} as seen
        where seen.workspace = '{{ var("workspace") }}'
    )
{%- endmacro %}

{#- What a source delivered up to the business date, without the quarantined lines. -#}
{% macro landed(source_code, table_name) -%}
    (
        select received.*
        from {{ source(source_code, table_name) }} as received
        where
            received._received_date <= {{ as_of() }}
            and not exists (
                select 1
                from {{ source('ops', 'quarantine') }} as quarantined
                where
                    quarantined.source_code = '{{ source_code }}'
                    and quarantined.table_name = '{{ table_name }}'
                    and quarantined.received_date = received._received_date
                    and quarantined.line_number = received._line_number
            )
    )
{%- endmacro %}

{#- Whether a delivered cell is not what its declaration says; an empty one only where it is required. -#}
{% macro does_not_cast(alias, column) -%}
    {%- set cell = alias ~ '.' ~ column.name -%}
    {%- if column.type == 'date' %}{% set typed = safe_date(cell, column.format) -%}
    {%- elif column.type == 'decimal' %}{% set typed = safe_decimal(cell, column.scale) -%}
    {%- elif column.type == 'integer' %}{% set typed = safe_integer(cell) -%}
    {%- else %}{% set typed = cell -%}
    {%- endif -%}
    {%- if column.required or column.type == 'text' -%}
        {{ typed }} is null
    {%- else -%}
        ({{ cell }} is not null and {{ typed }} is null)
    {%- endif -%}
{%- endmacro %}

{#- Every delivered version of the keys that are not gone. -#}
{% macro kept_versions(relation, key, deletions) -%}
    (
        select version.*
        from {{ relation }} as version
        where {{ not_deleted('version', key, deletions) }}
    )
{%- endmacro %}

{#- A deletion takes what was received up to its own date; a key that is delivered later lives again. -#}
{% macro not_deleted(alias, key, deletions) -%}
    not exists (
        select 1
        from {{ deletions }} as deleted
        where
            deleted._received_date >= {{ alias }}._received_date
            {%- for column in key %}
            and deleted.{{ column }} = {{ alias }}.{{ column }}
            {%- endfor %}
    )
{%- endmacro %}

{#- What a snapshot amounts to: the rows of its last delivery, which may have none. -#}
{% macro last_snapshot(relation, source_code, table_name) -%}
    (
        select snapshot.*
        from {{ relation }} as snapshot
        where
            snapshot._received_date = (
                select max(delivery.received_date)
                from {{ ref('stg_deliveries') }} as delivery
                where delivery.source_code = '{{ source_code }}' and delivery.table_name = '{{ table_name }}'
            )
    )
{%- endmacro %}

{#- A staged channel as the whole bank names it. -#}
{% macro channel_code(staged) -%}
    case {{ staged }} when 'atm' then 'self_service' when 'pos' then 'card' else {{ staged }} end
{%- endmacro %}

{#- The account id of the whole bank: source and the source's own number. -#}
{% macro bank_account_id(source_code, source_account_id) -%}
    {{ source_code }} || ':' || {{ source_account_id }}
{%- endmacro %}
