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

{#- The conformed models of one entity, of every active source that provides it, under one another. -#}
{% macro union_conformed(entity, columns) -%}
    {%- for source_code in var('entities')[entity] %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select
        '{{ source_code }}' as source_code,
        {{ columns | join(',\n        ') }}
    from {{ ref('int_' ~ source_code ~ '_' ~ entity ~ '_conformed') }}
    {%- endfor %}
{%- endmacro %}

{#- The account id of the whole bank: source and the source's own number. -#}
{% macro bank_account_id(source_code, source_account_id) -%}
    {{ source_code }} || ':' || {{ source_account_id }}
{%- endmacro %}
