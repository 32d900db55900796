with

cells as (
    {%- for table in var('declarations') %}
    {%- for column in table.columns if column.type != 'text' %}
    select
        '{{ table.source }}' as source_code,
        '{{ table.table }}' as table_name,
        _received_date,
        _line_number,
        '{{ column.name }}' as column_name,
        'not_a_{{ column.type }}' as rule_id,
        {{ column.name }} as cell_value
    from {{ source(table.source, table.table) }}
    where
        {{ column.name }} is not null
        and _received_date <= {{ business_date() }}
        and {% if column.type == 'date' %}{{ safe_date(column.name, column.format) }}
        {%- elif column.type == 'decimal' %}{{ safe_decimal(column.name, column.scale) }}
        {%- else %}{{ safe_integer(column.name) }}{% endif %} is null
    union all
    {%- endfor %}
    {%- endfor %}
    select
        cast(null as text),
        cast(null as text),
        cast(null as date),
        cast(null as bigint),
        cast(null as text),
        cast(null as text),
        cast(null as text)
    where 1 = 0
)

select
    source_code,
    table_name,
    _received_date,
    _line_number,
    column_name,
    rule_id,
    cell_value
from cells
