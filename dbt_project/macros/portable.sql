{#- Everything that is not the same text on every engine stands here and nowhere else (law 9). -#}

{#- Whether a text has the shape of a regular expression. -#}
{% macro matches(text, shape) -%}
    {{ text }} ~ '{{ shape }}'
{%- endmacro %}

{#- Text to date: the shape first, then the cast, so that a bad cell is null and never an error.
    format: yyyy-mm-dd | yymmdd | yymmddhhmmss (the time is dropped); 70 to 99 are 19yy, 00 to 69 are 20yy. -#}
{% macro safe_date(text, format='yyyy-mm-dd') -%}
    {%- if format == 'yyyy-mm-dd' -%}
        {%- set shape = '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' -%}
        {%- set iso = text -%}
    {%- else -%}
        {%- set shape = '^[0-9]{6}$' if format == 'yymmdd' else '^[0-9]{6} [0-9]{2}:[0-9]{2}:[0-9]{2}$' -%}
        {%- set century = "case when " ~ text ~ " >= '70' then '19' else '20' end" -%}
        {%- set iso = century ~ " || substr(" ~ text ~ ", 1, 2) || '-' || substr(" ~ text ~ ", 3, 2) || '-' || substr(" ~ text ~ ", 5, 2)" -%}
    {%- endif -%}
    case when {{ matches(text, shape) }} and pg_input_is_valid({{ iso }}, 'date') then cast({{ iso }} as date) end
{%- endmacro %}

{#- Text to decimal(18, scale): digits, one point, at most `scale` places. -#}
{% macro safe_decimal(text, scale=2) -%}
    case
        when {{ matches(text, '^-?[0-9]{1,' ~ (18 - scale) ~ '}([.][0-9]{1,' ~ scale ~ '})?$') }}
            then cast({{ text }} as decimal(18, {{ scale }}))
    end
{%- endmacro %}

{% macro safe_integer(text) -%}
    case when {{ matches(text, '^-?[0-9]{1,9}$') }} then cast({{ text }} as integer) end
{%- endmacro %}

{#- A number from 0 to 1 to a power, whole or not, with eight places. -#}
{% macro powered(number, exponent) -%}
    cast(power(cast({{ number }} as decimal(18, 8)), {{ exponent }}) as decimal(18, 8))
{%- endmacro %}

{#- Dense month number: windows over months are `range n preceding` on it. -#}
{% macro month_number(day) -%}
    cast(extract(year from {{ day }}) * 12 + extract(month from {{ day }}) - 1 as integer)
{%- endmacro %}

{% macro month_first_day(month) -%}
    make_date(({{ month }}) / 12, ({{ month }}) % 12 + 1, 1)
{%- endmacro %}

{% macro month_last_day(month) -%}
    ({{ month_first_day(month ~ ' + 1') }} - 1)
{%- endmacro %}

{% macro days_between(from_day, to_day) -%}
    ({{ to_day }} - {{ from_day }})
{%- endmacro %}

{% macro add_days(day, days) -%}
    ({{ day }} + cast({{ days }} as integer))
{%- endmacro %}

{#- The same day n months later (n may be negative); the month's last day where it has no such day. -#}
{% macro add_months(day, months) -%}
    cast({{ day }} + cast({{ months }} as integer) * interval '1 month' as date)
{%- endmacro %}

{#- A day of a month as one bit of an integer; `bit_or` puts days together, here they are counted. -#}
{% macro day_bit(day) -%}
    (1 << (cast(extract(day from {{ day }}) as integer) - 1))
{%- endmacro %}

{% macro bits_counted(bits) -%}
    cast(bit_count(cast({{ bits }} as bit(32))) as integer)
{%- endmacro %}

{#- Whether a column is one of the values of a query, which is asked first, so that an index finds them. -#}
{% macro is_among(column, query) -%}
    {{ column }} = any(array({{ query }}))
{%- endmacro %}

{#- Whether a partition column is one of the months of a query: no partition before the first of them is read. The list
    alone would not do, for only a bound that is found out later prunes. -#}
{% macro pruned_to(column, query) -%}
    {{ is_among(column, query) }}
    and {{ column }} >= (select min(asked.month_number) from ({{ query }}) as asked)
{%- endmacro %}

{#- Statistics of a table just made: without them the planner takes it for small and joins it row by row. -#}
{% macro collect_statistics() -%}
    {% if config.get('materialized') == 'table' %}analyze {{ this }}{% endif %}
{%- endmacro %}

{#- A table made beside the one that stands, which it then replaces, in one transaction: dbt's own way to it renames
    and drops by a call each. -#}
{% materialization table, adapter='postgres' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set made = make_intermediate_relation(target) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        {{ get_create_table_as_sql(False, made, sql) }}
    {%- endcall %}
    {% call statement('replace') -%}
        {{ drop_standing(load_cached_relation(this)) }}
        alter table {{ made }} rename to {{ target.identifier }};
        {{ comments(target) }}
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{#- A view made anew in the place of the one that stands. -#}
{% materialization view, adapter='postgres' %}
    {%- set target = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        {{ drop_standing(load_cached_relation(this)) }}
        {{ get_create_view_as_sql(target, sql) }}
        {{ comments(target) }}
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{#- Be it a table or a view, and with the views that read it. -#}
{% macro drop_standing(relation) -%}
    {% if relation %}drop {{ relation.type }} if exists {{ relation }} cascade;{% endif %}
{%- endmacro %}

{#- What the model's description and those of its columns say, on the relation. -#}
{% macro comments(relation) -%}
    {% if model.description %}
    comment on {{ relation.type }} {{ relation }} is {{ postgres_escape_comment(model.description) }};
    {%- endif %}
    {%- for column in model.columns.values() if column.description %}
    comment on column {{ relation }}.{{ column.name }} is {{ postgres_escape_comment(column.description) }};
    {%- endfor %}
{%- endmacro %}

{#- A mart kept in one partition a month (its last column is month_number). A build that goes on replaces the
    partition of the business month whole and drops later ones; in closed months it deletes the rows whose `key`
    stands in the relation `reopened` and adds those that its query gives; a month left without rows vanishes. The
    statistics of the whole are a sample of every month, taken when there is a new one. -#}
{% materialization monthly, adapter='postgres' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set tonight = make_temp_relation(target, '__tonight') -%}
    {%- set key, reopened = config.get('key'), config.get('reopened') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        create temporary table {{ tonight.identifier }} on commit drop as ({{ sql }})
    {%- endcall %}
    {%- set former = none -%}
    {%- if var('since') and load_cached_relation(this) is not none %}
        {%- set former = month_partitions(target) -%}
        {%- for month, partition in former.items() if month >= business_month() | int %}
            {% do run_query('drop table ' ~ partition) %}
        {%- endfor %}
        {%- if reopened %}
            {% do run_query(delete_reopened(target, key, reopened)) %}
        {%- endif %}
    {%- else %}
        {% do run_query('drop table if exists ' ~ target ~ ' cascade') %}
        {% do run_query(
            'create table ' ~ target ~ ' (like ' ~ tonight.identifier ~ ') partition by list (month_number)'
        ) %}
    {%- endif %}
    {%- set standing = month_partitions(target) -%}
    {%- set months = run_query('select distinct month_number from ' ~ tonight.identifier ~ ' order by 1').columns[0]
        .values() | map('int') | list -%}
    {%- set again = months | select('in', standing) | list -%}
    {%- if again %}
        {% do run_query(
            'insert into ' ~ target ~ ' select * from ' ~ tonight.identifier
            ~ ' where month_number in (' ~ again | join(', ') ~ ')'
        ) %}
    {%- endif %}
    {%- for month in months | reject('in', standing) %}
        {% do run_query(add_partition(target, tonight, month, key)) %}
    {%- endfor %}
    {%- for month, partition in standing.items() if month not in months %}
        {%- if reopened and not run_query('select 1 from ' ~ partition ~ ' limit 1').rows %}
            {% do run_query('drop table ' ~ partition) %}
        {%- endif %}
    {%- endfor %}
    {%- if former is none or months | reject('in', former) | list %}
        {% do run_query('analyze only ' ~ target) %}
    {%- endif %}
    {% do run_query(comments(target)) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{#- Month number → partition of a monthly mart. -#}
{% macro month_partitions(relation) -%}
    {%- set found = {} -%}
    {%- if execute -%}
        {%- set rows = run_query(
            "select replace(part.relname, '" ~ relation.identifier ~ "_m', ''), part.relname"
            ~ " from pg_catalog.pg_inherits as i"
            ~ " inner join pg_catalog.pg_class as part on i.inhrelid = part.oid"
            ~ " inner join pg_catalog.pg_class as whole on i.inhparent = whole.oid"
            ~ " inner join pg_catalog.pg_namespace as n on whole.relnamespace = n.oid"
            ~ " where whole.relkind = 'p' and n.nspname = '" ~ relation.schema
            ~ "' and whole.relname = '" ~ relation.identifier ~ "' order by 1"
        ).rows -%}
        {%- for month, name in rows -%}
            {%- do found.update({month | int: relation.schema ~ '.' ~ name}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}

{#- The first month of monthly marts, null while they have none. -#}
{% macro first_partition(relations) -%}
    {%- set months = [] -%}
    {%- for relation in relations -%}
        {%- do months.extend(month_partitions(relation).keys()) -%}
    {%- endfor -%}
    {{ return(months | min if months else 'cast(null as integer)') }}
{%- endmacro %}

{% macro delete_reopened(target, key, reopened) -%}
    delete from {{ target }} as standing
    using {{ workspace_schema('intermediate') }}.{{ reopened }} as again
    where
        standing.{{ key }} = again.{{ key }}
        and standing.month_number >= again.from_month
        and standing.month_number >= (
            select min(from_month) from {{ workspace_schema('intermediate') }}.{{ reopened }}
        )
{%- endmacro %}

{#- Filled before it is attached: a table made in the same transaction is written without the log. -#}
{% macro add_partition(target, tonight, month, key) -%}
    {%- set partition = target.schema ~ '.' ~ target.identifier ~ '_m' ~ month -%}
    create table {{ partition }} as select * from {{ tonight.identifier }} where month_number = {{ month }};
    {%- if config.get('indexed') %}
    create index on {{ partition }} ({{ key }});
    {%- endif %}
    alter table {{ partition }} add check (month_number = {{ month }});
    alter table {{ target }} attach partition {{ partition }} for values in ({{ month }});
    analyze {{ partition }}
{%- endmacro %}
