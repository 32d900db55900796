{{ union_conformed(
    'sessions',
    [
        'source_customer_id', 'received_date', 'line_number', 'week_end_date', 'channel_code', 'session_count',
        'last_session_date'
    ],
    types=['text', 'date', 'bigint', 'date', 'text', 'integer', 'date']
) }}
