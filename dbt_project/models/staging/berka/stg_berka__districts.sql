select
    a1 as district_id,
    a2 as district_name,
    a3 as region_name,
    _received_date,
    _line_number
from {{ landed('berka', 'district') }} as received
