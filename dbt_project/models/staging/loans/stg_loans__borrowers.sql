select
    borrower_no as source_customer_id,
    full_name,
    lower(identity_type) as identity_type_code,
    identity_number,
    {{ safe_date('birth_date') }} as birth_date,
    case sex when 'M' then 'male' when 'F' then 'female' end as sex_code,
    phone as phone_number,
    lower(occupation) as occupation_code,
    {{ safe_decimal('annual_income') }} as annual_income_amount,
    branch_no as branch_id,
    {{ safe_date('since_date') }} as since_date,
    _received_date,
    _line_number
from {{ landed('loans', 'borrowers') }} as received
