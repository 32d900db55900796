select
    source_account_id,
    source_customer_id,
    _received_date as received_date,
    _line_number as line_number,
    'owner' as role_code
from {{ last_snapshot(ref('stg_prepaid__holdings'), 'prepaid', 'holdings') }} as holding
