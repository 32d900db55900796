select
    client.source_customer_id,
    client._received_date as received_date,
    client._line_number as line_number,
    'person' as customer_kind_code,
    cast(null as text) as full_name,
    cast(null as text) as identity_type_code,
    cast(null as text) as identity_number,
    client.birth_date,
    client.sex_code,
    cast(null as text) as phone_number,
    cast(null as text) as email_address,
    district.region_name,
    cast(null as text) as occupation_code,
    client.branch_id,
    client._received_date as since_date
from {{ ref('stg_berka__clients') }} as client
left join {{ ref('stg_berka__districts') }} as district on client.branch_id = district.district_id
