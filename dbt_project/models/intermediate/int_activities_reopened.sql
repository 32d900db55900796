-- late, corrected and deleted transactions, exchange rates, another currency and, once, the first costs told: the
-- account and the first closed month that changes
{% if var('since') %}
with

-- the months' ids as the former build left them
ranges as (
    select *
    from {{ workspace_schema('intermediate') }}.int_transaction_ids_ranged
),

known as (
    select
        source_code,
        max(last_transaction_id) as last_transaction_id
    from ranges
    group by source_code
),

-- what may have come before: a number beyond all known ones has not
again as (
    select
        arrived.source_code,
        arrived.transaction_id
    from {{ ref('int_transactions_arrived') }} as arrived
    inner join known
        on arrived.source_code = known.source_code and arrived.transaction_id <= known.last_transaction_id
    union all
    select
        source_code,
        transaction_id
    from {{ ref('int_transactions_deleted') }}
    where {{ has_arrived('received_date') }}
),

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
        and {{ pruned_to('former.month_number', "
            select ranges.month_number
            from ranges
            where exists (
                select 1
                from again
                where
                    again.source_code = ranges.source_code
                    and again.transaction_id between ranges.first_transaction_id and ranges.last_transaction_id
            )
        ") }}
        and former.transaction_id in (select again.transaction_id from again)
    union all
    select
        account_id,
        month_number
    from {{ ref('int_exchange_rates_reopened') }}
    where month_number < {{ business_month() }}
    union all
    select
        account_id,
        from_month as month_number
    from {{ ref('int_account_terms_changed') }}
    where has_other_currency and from_month < {{ business_month() }}
    union all
    select
        account_id,
        0 as month_number
    from {{ ref('accounts') }}
    where (select {{ has_arrived('min(cost.received_date)') }} from {{ ref('int_channel_costs_unioned') }} as cost)
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
