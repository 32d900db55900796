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

{#- Statistics of a table just made: without them the planner takes it for small and joins it row by row. -#}
{% macro collect_statistics() -%}
    {% if config.get('materialized') == 'table' %}analyze {{ this }}{% endif %}
{%- endmacro %}
