select
    source_customer_id,
    _received_date as received_date,
    _line_number as line_number,
    week_end_date,
    channel_code,
    session_count,
    last_session_date
from {{ ref('stg_channels__session_weeks') }}
