with

cells as (
    {%- for table in var('declarations') %}
    {%- for column in table.columns if column.type != 'text' or column.required %}
    select
        '{{ table.source }}' as source_code,
        '{{ table.table }}' as table_name,
        _received_date,
        _line_number,
        '{{ column.name }}' as column_name,
        case when {{ column.name }} is null then 'missing_value' else 'not_a_{{ column.type }}' end as rule_id,
        {{ column.name }} as cell_value
    from {{ source(table.source, table.table) }}
    where
        _received_date <= {{ as_of() }}
        {%- if not column.required %}
        and {{ column.name }} is not null
        {%- endif %}
        and {% if column.type == 'date' %}{{ safe_date(column.name, column.format) }}
        {%- elif column.type == 'decimal' %}{{ safe_decimal(column.name, column.scale) }}
        {%- elif column.type == 'integer' %}{{ safe_integer(column.name) }}
        {%- else %}{{ column.name }}{% endif %} is null
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
