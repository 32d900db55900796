{{ union_conformed('deleted_transactions', [
    'source_transaction_id',
    'received_date',
    'line_number'
], ['text', 'date', 'bigint']) }}
