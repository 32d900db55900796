select
    {{ conformed('manager_assignments', [
        'source_customer_id', 'manager_id', 'from_date', 'until_date'
    ]) }}
from {{ ref('stg_crm__assignments') }}
