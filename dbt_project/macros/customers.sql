{#- What the bank may know of a customer: attribute → its type. Policy (survivorship) says whose word counts. -#}
{% macro customer_attributes() -%}
    {{ return({
        'customer_kind_code': 'varchar',
        'is_sole_trader': 'boolean',
        'branch_id': 'varchar',
        'full_name': 'varchar',
        'identity_type_code': 'varchar',
        'identity_number': 'varchar',
        'birth_date': 'date',
        'sex_code': 'varchar',
        'phone_number': 'varchar',
        'email_address': 'varchar',
        'address_text': 'varchar',
        'region_name': 'varchar',
        'occupation_code': 'varchar',
        'position_code': 'varchar',
        'industry_code': 'varchar',
        'annual_income_amount': 'decimal(18, 2)',
        'family_status_code': 'varchar',
        'hobby_name': 'varchar',
        'institution_type_code': 'varchar',
        'institution_rank_code': 'varchar',
        'risk_rating_code': 'varchar',
        'preferred_channel_code': 'varchar',
        'is_do_not_contact': 'boolean',
    }) }}
{%- endmacro %}

{#- Those whose value leaves the protected room only behind a ticket (law 8). -#}
{% macro clear_attributes() -%}
    {{ return(['full_name', 'identity_number', 'birth_date', 'phone_number', 'email_address', 'address_text']) }}
{%- endmacro %}

{#- One attribute of the long form, as a column of its own type. -#}
{% macro attribute_value(attribute) -%}
    cast(max(case when attribute_code = '{{ attribute }}' then attribute_value end) as {{ customer_attributes()[attribute] }})
{%- endmacro %}

{#- What a staged customer is where the source does not say it: whose number is a business's is a company. -#}
{% macro customer_kind_by_number() -%}
    case identity_type_code when 'uscc' then 'company' else 'person' end
{%- endmacro %}
