{#- What the whole bank knows of each entity: column → type, in the order in which conformed models and their union
    give them. -#}
{% macro entity_columns(entity) -%}
    {%- set entities = {
        'account_holders': {
            'source_account_id': 'text',
            'source_customer_id': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'role_code': 'text',
            'from_date': 'date',
            'until_date': 'date',
        },
        'accounts': {
            'source_account_id': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'product_code': 'text',
            'currency_code': 'text',
            'branch_id': 'text',
            'annual_rate': 'decimal(18, 8)',
            'opened_date': 'date',
            'maturity_date': 'date',
            'closed_date': 'date',
        },
        'balances': {
            'source_account_id': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'balance_date': 'date',
            'balance_amount': 'decimal(18, 2)',
        },
        'branches': {
            'branch_id': 'text',
            'received_date': 'date',
            'branch_name': 'text',
            'region_name': 'text',
            'opened_date': 'date',
            'closed_date': 'date',
        },
        'customer_versions': {
            'source_customer_id': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'since_date': 'date',
        },
        'deleted_transactions': {
            'source_transaction_id': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
        },
        'exchange_rates': {
            'currency_code': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'rate_date': 'date',
            'base_rate': 'decimal(18, 8)',
        },
        'group_members': {
            'source_group_id': 'text',
            'group_kind_code': 'text',
            'source_customer_id': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'role_code': 'text',
            'from_date': 'date',
            'until_date': 'date',
        },
        'overdues': {
            'source_account_id': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'balance_date': 'date',
            'overdue_days': 'integer',
        },
        'sessions': {
            'source_customer_id': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'week_end_date': 'date',
            'channel_code': 'text',
            'session_count': 'integer',
            'last_session_date': 'date',
        },
        'transactions': {
            'source_transaction_id': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'source_account_id': 'text',
            'transaction_date': 'date',
            'direction_code': 'text',
            'transaction_amount': 'decimal(18, 2)',
            'channel_code': 'text',
            'transaction_type_code': 'text',
            'is_customer_initiated': 'boolean',
            'is_own_name': 'boolean',
            'other_bank_code': 'text',
        },
    } -%}
    {%- do entities['customer_versions'].update(customer_attributes()) -%}
    {{ return(entities[entity]) }}
{%- endmacro %}

{#- The columns of an entity from what one source has: `same` are those staged under their own name, an argument
    `column=expression` gives another, the rest are empty. Which line said it (`_received_date`, `_line_number`) goes
    without saying. -#}
{% macro conformed(entity, same) -%}
    {%- set columns = entity_columns(entity) -%}
    {%- for column in kwargs.keys() | list + same if column not in columns -%}
        {{ exceptions.raise_compiler_error(model.name ~ ': ' ~ entity ~ ' have no ' ~ column) }}
    {%- endfor -%}
    {%- set given = {'received_date': '_received_date', 'line_number': '_line_number'} -%}
    {%- do given.update(kwargs) -%}
    {%- for column, type in columns.items() %}
    {%- if column in same %}
    {{ column }}
    {%- else %}
    {{ given.get(column, 'cast(null as ' ~ type ~ ')') }} as {{ column }}
    {%- endif %}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- The conformed models of one entity, of every active source that provides it, under one another; no rows where
    none does. -#}
{% macro union_conformed(entity) -%}
    {%- set columns = entity_columns(entity) -%}
    {%- for source_code in var('entities')[entity] %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select
        '{{ source_code }}' as source_code,
        {{ columns | join(',\n        ') }}
    from {{ ref('int_' ~ source_code ~ '_' ~ entity ~ '_conformed') }}
    {%- else %}
    select
        cast(null as text) as source_code
        {%- for column, type in columns.items() %},
        cast(null as {{ type }}) as {{ column }}
        {%- endfor %}
    where false
    {%- endfor %}
{%- endmacro %}
