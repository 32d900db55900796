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

{#- How little a record is believed about an attribute, as one number: the priority of its source, then by the rule
    `newest` the days from the value's date to the end of time, then the place of the record among the customer's. -#}
{% macro doubt(attribute) -%}
    coalesce(cast(trusted.{{ attribute }}_priority as bigint), 900000) * 10000000000000
        + case trusted.{{ attribute }}_rule_code
            when 'newest' then {{ days_between('record.' ~ attribute ~ '_as_of_date', "cast('9999-12-31' as date)") }}
            else 0
        end * cast(1000000 as bigint)
        + record.seniority
{%- endmacro %}

{#- One attribute of the long form, as a column of its own type. -#}
{% macro attribute_value(attribute) -%}
    cast(max(case when attribute_code = '{{ attribute }}' then attribute_value end) as {{ customer_attributes()[attribute] }})
{%- endmacro %}
