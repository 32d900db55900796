select
    source_customer_id,
    _received_date as received_date,
    _line_number as line_number,
    customer_kind_code,
    full_name,
    identity_type_code,
    identity_number,
    birth_date,
    sex_code,
    phone_number,
    email_address,
    region_name,
    occupation_code,
    branch_id,
    opened_date as since_date
from {{ ref('stg_core__customers') }}
