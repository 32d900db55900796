-- Which months may hold a transaction that comes again: a range may be too wide, never too narrow. The next night asks.
-- depends_on: {{ ref('int_activities_reopened') }}
select
    source_code,
    min(first_transaction_id) as first_transaction_id,
    max(last_transaction_id) as last_transaction_id,
    month_number
from (
    select
        source_code,
        transaction_id as first_transaction_id,
        transaction_id as last_transaction_id,
        month_number
    from {{ ref('int_transactions_arrived') }}
    {%- if var('since') %}
    union all
    select
        source_code,
        first_transaction_id,
        last_transaction_id,
        month_number
    from {{ this }}
    {%- endif %}
) as seen
group by source_code, month_number
