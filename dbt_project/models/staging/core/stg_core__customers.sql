select
    customer_no as source_customer_id,
    case customer_kind
        when 'P' then 'person'
        when 'S' then 'person'
        when 'C' then 'company'
        when 'I' then 'institution'
    end as customer_kind_code,
    case when customer_kind in ('P', 'S', 'C', 'I') then customer_kind = 'S' end as is_sole_trader,
    full_name,
    lower(identity_type) as identity_type_code,
    identity_number,
    {{ safe_date('birth_date') }} as birth_date,
    case sex when 'M' then 'male' when 'F' then 'female' end as sex_code,
    phone as phone_number,
    email as email_address,
    region as region_name,
    lower(occupation) as occupation_code,
    lower(position) as position_code,
    lower(industry) as industry_code,
    {{ safe_decimal('annual_income') }} as annual_income_amount,
    lower(family_status) as family_status_code,
    hobby as hobby_name,
    address as address_text,
    branch_no as branch_id,
    {{ safe_date('opened_date') }} as opened_date,
    _received_date,
    _line_number
from {{ landed('core', 'customers') }} as received
