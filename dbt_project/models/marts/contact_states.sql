-- U7: how a customer can be reached once every system has been asked, and what the policy misses of him
{%- set contacts = ['phone', 'email', 'address'] %}
with

requirements as (
    select
        customer_kind_code
        {%- for contact in contacts %},
        max(case when contact_code = '{{ contact }}' and is_required then 1 else 0 end) = 1 as is_{{ contact }}_required
        {%- endfor %}
    from {{ source('policy', 'contact_requirements') }} as requirement
    where {{ in_force('requirement') }}
    group by customer_kind_code
),

states as (
    select
        customer.customer_id,
        coalesce(customer.is_do_not_contact, false)
        or coalesce(objection.is_forgotten, false) as is_do_not_contact,
        customer.has_phone or customer.has_email or customer.has_address as is_reachable
        {%- for contact in contacts %},
        coalesce(requirement.is_{{ contact }}_required, false)
        and not customer.has_{{ contact }} as is_{{ contact }}_missing
        {%- endfor %}
    from {{ ref('customers') }} as customer
    left join {{ ref('customer_objections') }} as objection on customer.customer_id = objection.customer_id
    left join requirements as requirement on customer.customer_kind_code = requirement.customer_kind_code
)

select
    states.*,
    is_phone_missing or is_email_missing or is_address_missing as has_contact_gap,
    is_reachable and not is_do_not_contact as is_contactable
from states
