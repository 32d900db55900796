-- the data dictionary reads the contracts themselves, so it cannot disagree with them
{%- if execute %}
{%- set models = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | sort(attribute='name') %}
{%- for node in models if node.fqn[1] == 'edition' and node.name != 'reasons' %}
{%- for column in node.columns.values() %}
select
    '{{ node.alias }}' as table_name,
    '{{ column.name }}' as column_name,
    {{ loop.index }} as column_number,
    '{{ column.data_type }}' as data_type,
    '{{ column.description.split(" | ")[0] | replace("'", "''") }}' as description_zh,
    '{{ column.description.split(" | ")[1] | replace("'", "''") }}' as description_en
union all
{%- endfor %}
{%- endfor %}
{%- endif %}
select
    cast(null as varchar),
    cast(null as varchar),
    cast(null as integer),
    cast(null as varchar),
    cast(null as varchar),
    cast(null as varchar)
where 1 = 0
