{% if 'deleted_transactions' in var('entities') %}
{{ union_conformed('deleted_transactions', ['source_transaction_id', 'received_date', 'line_number']) }}
{% else %}
select
    cast(null as text) as source_code,
    cast(null as text) as source_transaction_id,
    cast(null as date) as received_date,
    cast(null as bigint) as line_number
where false
{% endif %}
