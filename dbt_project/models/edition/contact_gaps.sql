select
    cast(contact.customer_id as text) as customer_id,
    cast(customer.branch_id as text) as branch_id,
    cast(customer.customer_kind_code as text) as customer_kind_code,
    cast(contact.is_phone_missing as boolean) as is_phone_missing,
    cast(contact.is_email_missing as boolean) as is_email_missing,
    cast(contact.is_address_missing as boolean) as is_address_missing,
    cast(contact.is_reachable as boolean) as is_reachable,
    cast(contact.is_do_not_contact as boolean) as is_do_not_contact,
    {{ business_date() }} as business_date
from {{ ref('contact_states') }} as contact
inner join {{ ref('customers') }} as customer on contact.customer_id = customer.customer_id
where contact.has_contact_gap
