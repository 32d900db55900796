select
    source_account_id,
    source_customer_id,
    _received_date as received_date,
    _line_number as line_number,
    'owner' as role_code,
    opened_date as from_date,
    cast(null as date) as until_date
from {{ ref('stg_cards__cards') }}
