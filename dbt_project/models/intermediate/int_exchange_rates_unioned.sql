{{ union_conformed('exchange_rates', [
    'currency_code',
    'received_date',
    'line_number',
    'rate_date',
    'base_rate'
], ['text', 'date', 'bigint', 'date', 'decimal(18, 8)']) }}
