select
    branch_id,
    _received_date as received_date,
    branch_name,
    region_name,
    opened_date,
    closed_date
from {{ last_snapshot(ref('stg_core__branches'), 'core', 'branches') }} as branch
