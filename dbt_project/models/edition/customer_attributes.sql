-- U3: of what stays protected, only where it comes from
select
    cast(attribute.customer_id as text) as customer_id,
    cast(customer.branch_id as text) as branch_id,
    cast(attribute.attribute_code as text) as attribute_code,
    cast(
        case attribute.attribute_code
            {%- for code in clear_attributes() %}
            when '{{ code }}' then null
            {%- endfor %}
            else attribute.attribute_value
        end as text
    ) as attribute_value,
    cast(attribute.source_code as text) as source_code,
    cast(attribute.source_customer_id as text) as source_customer_id,
    cast(attribute.rule_code as text) as rule_code,
    cast(attribute.as_of_date as date) as as_of_date,
    {{ business_date() }} as business_date
from {{ ref('customer_attribute_values') }} as attribute
inner join {{ ref('customers') }} as customer on attribute.customer_id = customer.customer_id
