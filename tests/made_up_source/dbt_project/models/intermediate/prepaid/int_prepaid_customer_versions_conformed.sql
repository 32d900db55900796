select
    source_customer_id,
    _received_date as received_date,
    _line_number as line_number,
    'person' as customer_kind_code,
    full_name,
    identity_type_code,
    identity_number,
    cast(null as date) as birth_date,
    cast(null as text) as sex_code,
    phone_number,
    cast(null as text) as email_address,
    cast(null as text) as region_name,
    cast(null as text) as occupation_code,
    branch_id,
    since_date
from {{ ref('stg_prepaid__holders') }}
