select
    {{ conformed('customer_versions', [
        'source_customer_id', 'full_name', 'identity_type_code', 'identity_number', 'phone_number', 'branch_id',
        'since_date'
    ], customer_kind_code="'person'") }}
from {{ ref('stg_prepaid__holders') }}
