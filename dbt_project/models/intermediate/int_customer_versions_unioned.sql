{{ union_conformed('customer_versions', [
    'source_customer_id',
    'received_date',
    'line_number',
    'since_date'
] + (customer_attributes().keys() | list)) }}
