-- the data dictionary reads the contracts themselves, so it cannot disagree with them, and what the views add to them
{%- if execute %}
{%- set models = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | sort(attribute='name') %}
{%- for node in models if node.fqn[1] == 'edition' and node.name != 'reasons' %}
{%- set columns = [] %}
{%- for column in node.columns.values() %}
{%- do columns.append([column.name, column.data_type, column.description]) %}
{%- endfor %}
{%- set added = var('added_columns') %}
{%- for name, data_type, description in columns + added.get(node.alias, added.get('', [])) %}
select
    '{{ node.alias }}' as table_name,
    '{{ name }}' as column_name,
    {{ loop.index }} as column_number,
    '{{ data_type }}' as data_type,
    '{{ description.split(" | ")[0] | replace("'", "''") }}' as description_zh,
    '{{ description.split(" | ")[1] | replace("'", "''") }}' as description_en
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
