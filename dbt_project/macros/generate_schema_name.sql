{#- A folder names its room; a workspace prefixes every room it writes (design.md, Workspace). -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ workspace_schema(custom_schema_name or 'staging') }}
{%- endmacro %}

{% macro workspace_schema(room) -%}
    {{ (var('workspace') ~ '__' if var('workspace') else '') ~ room }}
{%- endmacro %}
