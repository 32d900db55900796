{#- The date up to which the typed views see what was received: a row of ops, so that the views stay as they are from
    night to night, and a month end on the way is built from what was known by then. -#}
{% macro as_of() -%}
    (
        select seen.business_date
        from {{ source('ops', 'views') }} as seen
        where seen.workspace = '{{ var("workspace") }}'
    )
{%- endmacro %}

{#- What a source delivered up to the business date, without the quarantined lines; a line that was released comes
    back on the date of its release. -#}
{% macro landed(source_code, table_name) -%}
    {%- set table = var('declarations', []) | selectattr('source', 'equalto', source_code)
        | selectattr('table', 'equalto', table_name) | first -%}
    {%- set is_released = source_code ~ '.' ~ table_name in var('released', {}) -%}
    (
        select
            {%- if is_released %}
            {%- for column in table.columns %}
            received.{{ column.name }},
            {%- endfor %}
            received._received_date,
            received._line_number
            {%- else %}
            received.*
            {%- endif %}
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
        {%- if is_released %}
        union all
        {{ released(table) }}
        {%- endif %}
    )
{%- endmacro %}

{#- The released lines of a table, as if received on the date of their release, the cells that do not cast emptied.
    Such a line gives way to a later one of its key, unless that is set aside itself by then. Its own number stays
    where it keeps its own date; among the lines of another date it has a negative one. The dates are written out so
    that the other partitions are not read. -#}
{% macro released(table) -%}
    {%- set dates = var('released')[table.source ~ '.' ~ table.table] -%}
    select
        {%- for column in table.columns %}
        {%- if column.type == 'text' or column.required %}
        received.{{ column.name }},
        {%- else %}
        case when not {{ does_not_cast('received', column) }} then received.{{ column.name }} end as {{ column.name }},
        {%- endif %}
        {%- endfor %}
        line.business_date as _received_date,
        case when line.business_date = line.received_date then line.line_number else -line.release_id end
            as _line_number
    from {{ source('ops', 'released_lines') }} as line
    inner join {{ source(table.source, table.table) }} as received
        on line.received_date = received._received_date and line.line_number = received._line_number
    where
        line.source_code = '{{ table.source }}'
        and line.table_name = '{{ table.table }}'
        and line.business_date <= {{ as_of() }}
        and received._received_date in (
            {%- for received_date in dates | map('first') | unique %}
            date '{{ received_date }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )
        and not exists (
            select 1
            from {{ source(table.source, table.table) }} as later
            where
                later._received_date > line.received_date
                and later._received_date <= line.business_date
                and (
                    {%- for received_date, business_date in dates %}
                    {{ 'or ' if not loop.first -}}
                    (later._received_date > date '{{ received_date }}' and later._received_date <= date '{{ business_date }}')
                    {%- endfor %}
                )
                {%- for column in table.key %}
                and later.{{ column }} = received.{{ column }}
                {%- endfor %}
                and not {{ is_aside(table, 'later', 'line.business_date') }}
        )
{%- endmacro %}

{#- Whether a delivered line is in quarantine and was not let in by a date. -#}
{% macro is_aside(table, alias, by_date) -%}
    exists (
        select 1
        from {{ source('ops', 'quarantine') }} as cell
        left join {{ source('ops', 'released_lines') }} as let_in
            on
                cell.source_code = let_in.source_code
                and cell.table_name = let_in.table_name
                and cell.received_date = let_in.received_date
                and cell.line_number = let_in.line_number
        where
            cell.source_code = '{{ table.source }}'
            and cell.table_name = '{{ table.table }}'
            and cell.received_date = {{ alias }}._received_date
            and cell.line_number = {{ alias }}._line_number
            and (let_in.business_date is null or let_in.business_date > {{ by_date }})
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
