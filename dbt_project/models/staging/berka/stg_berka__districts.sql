select
    A1 as district_id,
    A2 as district_name,
    A3 as region_name,
    _received_date,
    _line_number
from {{ landed('berka', 'district') }} as received
