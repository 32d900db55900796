-- whose closed months change: by what an account held or did, by who holds it, or by what is told of himself. A new
-- account changes none by itself: what of it lies in closed months has arrived, too
{% if var('since') %}
with

accounts as (
    select account_id from {{ ref('int_account_values_reopened') }}
),

told_before as (
    select {{ bank_account_id('source_code', 'source_account_id') }} as account_id
    from {{ ref('int_accounts_unioned') }}
    where not {{ has_arrived('received_date') }}
),

holders as (
    select
        {{ bank_account_id('holder.source_code', 'holder.source_account_id') }} as account_id,
        record.customer_id,
        case
            when {{ has_arrived('holder.received_date') }} then 1
            when {{ has_come('holder.from_date') }} then 1
            when {{ has_come(add_days('holder.until_date', 1)) }} then 1
            when {{ has_come('record.linked_date') }} then 1
            else 0
        end as is_new
    from {{ ref('int_account_holders_unioned') }} as holder
    inner join {{ ref('int_customer_records_linked') }} as record
        on
            holder.source_code = record.source_code
            and holder.source_customer_id = record.source_customer_id
),

passed_on as (
    select account_id
    from holders
    where is_new = 1 and account_id in (select told_before.account_id from told_before)
),

touched as (
    select holder.customer_id
    from holders as holder
    inner join accounts on holder.account_id = accounts.account_id
    union
    select holder.customer_id
    from holders as holder
    inner join passed_on on holder.account_id = passed_on.account_id
    -- a share that policy changes is another share of the past, too
    union
    select holder.customer_id
    from holders as holder
    where exists (
        select 1
        from {{ source('policy', 'holder_shares') }} as share
        where {{ has_come('share.effective_from') }} or {{ has_come(add_days('share.effective_to', 1)) }}
    )
    union
    select customer_id
    from {{ ref('int_customers_revised') }}
)

select
    customer_id,
    0 as from_month
from touched
where customer_id is not null
{% else %}
select
    cast(null as text) as customer_id,
    cast(null as integer) as from_month
where false
{% endif %}
