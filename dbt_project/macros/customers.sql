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

{#- What a staged customer is where the source does not say it, and only the kind of its number and the number itself
    tell. The first two signs of a unified social credit code are who registered the body, and as what (GB 32100):
    1. a public body and 5. an association or foundation, which the bank calls institutions; 92 a sole trader, who is
    a person of retail banking; the others are businesses, and so is a code that cannot be read (or is all ones).
    Where core knows the customer, its word counts (policy: survivorship). -#}
{% macro customer_kind_by_number() -%}
    case
        when identity_type_code is null or identity_type_code <> 'uscc' then 'person'
        when {{ matches(half_width('identity_number'), '^(11.*[^1 ]|1[239]|5[139])') }} then 'institution'
        when {{ matches(half_width('identity_number'), '^92') }} then 'person'
        else 'company'
    end
{%- endmacro %}

{#- Nothing is known of who shows an identity card: a sole trader has one, too. -#}
{% macro is_sole_trader_by_number() -%}
    case
        when identity_type_code = 'uscc' then coalesce({{ matches(half_width('identity_number'), '^92') }}, false)
    end
{%- endmacro %}

{#- Digits as Chinese input methods leave them, and spaces before them, put right. -#}
{% macro half_width(text) -%}
    translate(ltrim({{ text }}), '０１２３４５６７８９', '0123456789')
{%- endmacro %}
