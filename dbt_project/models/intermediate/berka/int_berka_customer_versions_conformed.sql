select
    {{ conformed('customer_versions', [],
        source_customer_id='client.source_customer_id',
        received_date='client._received_date',
        line_number='client._line_number',
        since_date='client._received_date',
        customer_kind_code="'person'",
        branch_id='client.branch_id',
        birth_date='client.birth_date',
        sex_code='client.sex_code',
        region_name='district.region_name'
    ) }}
from {{ ref('stg_berka__clients') }} as client
left join {{ ref('stg_berka__districts') }} as district on client.branch_id = district.district_id
