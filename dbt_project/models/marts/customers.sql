-- U1, U2: one record per customer; of what stays protected only whether it is known (the age needs the birth date)
{%- set clear = clear_attributes() %}
with

records as (
    select
        customer_id,
        min(first_received_date) as first_received_date,
        cast(count(distinct source_code) as integer) as source_count
    from {{ ref('int_customer_records_linked') }}
    group by customer_id
),

attributes as (
    select
        customer_id
        {%- for attribute in customer_attributes() if attribute == 'birth_date' or attribute not in clear %},
        {{ attribute_value(attribute) }} as {{ attribute }}
        {%- endfor %},
        max(case when attribute_code = 'phone_number' then 1 else 0 end) = 1 as has_phone,
        max(case when attribute_code = 'email_address' then 1 else 0 end) = 1 as has_email,
        max(case when attribute_code = 'address_text' then 1 else 0 end) = 1 as has_address
    from {{ ref('customer_attribute_values') }}
    group by customer_id
)

select
    record.first_received_date,
    record.source_count,
    attribute.*
from records as record
inner join attributes as attribute on record.customer_id = attribute.customer_id
