select
    {{ conformed('account_holders', ['source_account_id', 'source_customer_id'], role_code="'owner'") }}
from {{ last_snapshot(ref('stg_prepaid__holdings'), 'prepaid', 'holdings') }} as holding
