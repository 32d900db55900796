-- every version received; one holds from its receipt until it is superseded by a newer one
{%- set columns = [
    'account_id', 'balance_date', 'balance_amount', 'received_date', 'line_number', 'month_number'
] %}
with

versions as (
    {{ received_versions(columns, 'int_balances_arrived', 'int_balances_reopened') }}
)

select
    account_id,
    balance_date,
    balance_amount,
    received_date,
    line_number,
    lead(received_date) over (
        partition by account_id, balance_date
        order by received_date nulls last, line_number nulls last
    ) as superseded_date,
    month_number
from versions
where balance_date <= {{ business_date() }}
