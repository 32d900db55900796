-- late, corrected and deleted transactions: the account and the first closed month that changes
{% if var('since') %}
with

touched as (
    select
        account_id,
        month_number
    from {{ ref('int_transactions_arrived') }}
    where month_number < {{ business_month() }}
    union all
    select
        former.account_id,
        former.month_number
    from {{ standing('transactions') }} as former
    where
        former.month_number < {{ business_month() }}
        and former.transaction_id in (
            select arrived.transaction_id from {{ ref('int_transactions_arrived') }} as arrived
            union all
            select deleted.transaction_id
            from {{ ref('int_transactions_deleted') }} as deleted
            where {{ has_arrived('deleted.received_date') }}
        )
)

select
    account_id,
    min(month_number) as from_month
from touched
group by account_id
{% else %}
select
    cast(null as text) as account_id,
    cast(null as integer) as from_month
where false
{% endif %}
