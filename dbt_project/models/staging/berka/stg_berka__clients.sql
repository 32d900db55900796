select
    client_id as source_customer_id,
    {{ safe_date(berka_birth_day('birth_number')) }} as birth_date,
    {{ berka_sex('birth_number') }} as sex_code,
    district_id as branch_id,
    _received_date,
    _line_number
from {{ landed('berka', 'client') }} as received
