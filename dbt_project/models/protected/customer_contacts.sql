-- U7: clear contact data and identity numbers, each from the most trusted source that knows it; no reader role enters
{%- set attributes = ['identity_type_code'] + clear_attributes() %}
select
    customer_id
    {%- for attribute in attributes %},
    {{ attribute_value(attribute) }} as {{ attribute }}
    {%- endfor %}
from {{ ref('customer_attribute_values') }}
group by customer_id
