select
    {{ conformed('managers', [
        'manager_id', 'branch_id', 'from_date', 'until_date'
    ], manager_role_code='role_code') }}
from {{ ref('stg_crm__managers') }}
