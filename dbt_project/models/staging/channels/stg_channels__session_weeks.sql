select
    user_no as source_customer_id,
    {{ safe_date('week_end_date') }} as week_end_date,
    lower(channel) as channel_code,
    {{ safe_integer('session_count') }} as session_count,
    {{ safe_date('last_session_date') }} as last_session_date,
    _received_date,
    _line_number
from {{ landed('channels', 'session_weeks') }} as received
