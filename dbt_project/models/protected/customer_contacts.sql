-- clear contact data and identity numbers: no reader role enters this room
{%- set attributes = [
    'full_name', 'identity_type_code', 'identity_number', 'phone_number', 'email_address', 'birth_date'
] %}
with

ranked as (
    select
        customer_id
        {%- for attribute in attributes %},
        first_value({{ attribute }}) over (
            partition by customer_id
            order by
                case when {{ attribute }} is null then 1 else 0 end nulls last,
                priority nulls last,
                first_received_date nulls last,
                source_code nulls last,
                source_customer_id nulls last
        ) as {{ attribute }}
        {%- endfor %}
    from {{ ref('int_customer_records_linked') }}
)

select distinct
    customer_id,
    {{ attributes | join(',
    ') }}
from ranked
