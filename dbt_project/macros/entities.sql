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
        'account_rates': {
            'source_account_id': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'from_date': 'date',
            'annual_rate': 'decimal(18, 8)',
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
        'campaign_responses': {
            'source_customer_id': 'text',
            'campaign_id': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'contacted_date': 'date',
            'response_code': 'text',
        },
        'channel_costs': {
            'channel_code': 'text',
            'transaction_type_code': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'from_date': 'date',
            'unit_cost_amount': 'decimal(18, 2)',
        },
        'contacts': {
            'source_contact_id': 'text',
            'source_customer_id': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'manager_id': 'text',
            'contact_date': 'date',
            'channel_code': 'text',
            'purpose_code': 'text',
            'result_code': 'text',
        },
        'credit_events': {
            'source_event_id': 'text',
            'source_customer_id': 'text',
            'source_account_id': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'event_type_code': 'text',
            'event_date': 'date',
            'settled_date': 'date',
            'event_amount': 'decimal(18, 2)',
        },
        'credit_grades': {
            'source_customer_id': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'graded_date': 'date',
            'credit_grade_code': 'text',
        },
        'customer_versions': {
            'source_customer_id': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'since_date': 'date',
        },
        'declared_assets': {
            'source_customer_id': 'text',
            'other_bank_code': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'declared_date': 'date',
            'declared_amount': 'decimal(18, 2)',
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
        'feedbacks': {
            'source_feedback_id': 'text',
            'source_customer_id': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'feedback_kind_code': 'text',
            'category_code': 'text',
            'branch_id': 'text',
            'opened_date': 'date',
            'closed_date': 'date',
            'outcome_code': 'text',
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
        'leads': {
            'source_lead_id': 'text',
            'source_customer_id': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'stage_code': 'text',
            'expected_amount': 'decimal(18, 2)',
            'opened_date': 'date',
            'closed_date': 'date',
        },
        'manager_assignments': {
            'source_customer_id': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'manager_id': 'text',
            'from_date': 'date',
            'until_date': 'date',
        },
        'managers': {
            'manager_id': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'manager_role_code': 'text',
            'branch_id': 'text',
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
        'privilege_uses': {
            'source_use_id': 'text',
            'source_customer_id': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'privilege_code': 'text',
            'used_date': 'date',
            'use_count': 'integer',
            'unit_cost_amount': 'decimal(18, 2)',
        },
        'product_rates': {
            'product_code': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'term_days': 'integer',
            'from_date': 'date',
            'annual_rate': 'decimal(18, 8)',
        },
        'referrals': {
            'source_referral_id': 'text',
            'source_customer_id': 'text',
            'referred_source_customer_id': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'referral_date': 'date',
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
            'fee_amount': 'decimal(18, 2)',
        },
        'transfer_prices': {
            'curve_code': 'text',
            'received_date': 'date',
            'line_number': 'bigint',
            'term_days': 'integer',
            'from_date': 'date',
            'annual_rate': 'decimal(18, 8)',
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
