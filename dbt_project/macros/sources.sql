{#- What a source delivered up to the business date, without the quarantined lines. -#}
{% macro landed(source_code, table_name) -%}
    (
        select received.*
        from {{ source(source_code, table_name) }} as received
        where
            received._received_date <= {{ business_date() }}
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

{#- What an increment or an upsert amounts to: the last delivered version of each key (a row that comes again
    corrects the former one), without the keys that are gone. -#}
{% macro last_versions(relation, key, deletions=none) -%}
    (
        select version.*
        from (
            select
                delivered.*,
                row_number() over (
                    partition by {% for column in key %}delivered.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
                    order by delivered._received_date desc nulls last, delivered._line_number desc nulls last
                ) as _version_rank
            from {{ relation }} as delivered
        ) as version
        where version._version_rank = 1 {% if deletions %}and {{ not_deleted('version', key, deletions) }}{% endif %}
    )
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

{#- The conformed models of one entity, of every active source that provides it, under one another. An entity that a
    bank may lack gives its columns with their types: without a provider it has no row. -#}
{% macro union_conformed(entity, columns) -%}
    {%- set names = columns.keys() if columns is mapping else columns %}
    {%- for source_code in var('entities')[entity] %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select
        '{{ source_code }}' as source_code,
        {{ names | join(',\n        ') }}
    from {{ ref('int_' ~ source_code ~ '_' ~ entity ~ '_conformed') }}
    {%- else %}
    select
        cast(null as varchar) as source_code
        {%- for name in names %},
        cast(null as {{ columns[name] }}) as {{ name }}
        {%- endfor %}
    where 1 = 0
    {%- endfor %}
{%- endmacro %}

{#- The account id of the whole bank: source and the source's own number. -#}
{% macro bank_account_id(source_code, source_account_id) -%}
    {{ source_code }} || ':' || {{ source_account_id }}
{%- endmacro %}
