-- every version received; one holds from its receipt until it is superseded by a newer one
{%- set columns = [
    'account_id', 'balance_date', 'balance_amount', 'received_date', 'line_number', 'month_number'
] %}
with

versions as (
    select {{ columns | join(', ') }}
    from {{ ref('int_balances_arrived') }}
    {%- if var('since') %}
    union all
    select {{ columns | join(', ') }}
    from {{ this }} as former
    where former.month_number = {{ business_month() }} and not {{ has_arrived('former.received_date') }}
    union all
    select former.{{ columns | join(', former.') }}
    from {{ this }} as former
    inner join {{ ref('int_balances_reopened') }} as again
        on former.account_id = again.account_id and former.month_number >= again.from_month
    where
        former.month_number < {{ business_month() }}
        and former.month_number >= {{ first_reopened(ref('int_balances_reopened')) }}
        and not {{ has_arrived('former.received_date') }}
    {%- endif %}
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
