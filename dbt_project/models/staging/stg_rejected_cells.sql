-- one scan a table: a line is read once, and taken apart only where one of its cells does not cast
with

cells as (
    {%- for table in var('declarations') %}
    {%- set checked = table.columns | selectattr('type', 'ne', 'text') | list
        + table.columns | selectattr('type', 'eq', 'text') | selectattr('required') | list %}
    {%- if checked %}
    select
        '{{ table.source }}' as source_code,
        '{{ table.table }}' as table_name,
        received._received_date,
        received._line_number,
        declared.column_name,
        declared.type_name,
        case declared.column_name
            {%- for column in checked %}
            when '{{ column.name }}' then received.{{ column.name }}
            {%- endfor %}
        end as cell_value
    from {{ source(table.source, table.table) }} as received
    inner join (
        values
        {%- for column in checked %}
        ('{{ column.name }}', '{{ column.type }}'){{ ',' if not loop.last }}
        {%- endfor %}
    ) as declared (column_name, type_name)
        on
            case declared.column_name
                {%- for column in checked %}
                when '{{ column.name }}' then {{ does_not_cast('received', column) }}
                {%- endfor %}
            end
    where
        received._received_date <= {{ as_of() }}
        and (
            {%- for column in checked %}
            {{ 'or ' if not loop.first }}{{ does_not_cast('received', column) }}
            {%- endfor %}
        )
    union all
    {%- endif %}
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
    case when cell_value is null then 'missing_value' else 'not_a_' || type_name end as rule_id,
    cell_value
from cells
