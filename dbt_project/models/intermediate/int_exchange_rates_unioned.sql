{% if 'exchange_rates' in var('entities') %}
{{ union_conformed('exchange_rates', ['currency_code', 'received_date', 'line_number', 'rate_date', 'base_rate']) }}
{% else %}
select
    cast(null as text) as source_code,
    cast(null as text) as currency_code,
    cast(null as date) as received_date,
    cast(null as bigint) as line_number,
    cast(null as date) as rate_date,
    cast(null as decimal(18, 8)) as base_rate
where false
{% endif %}
