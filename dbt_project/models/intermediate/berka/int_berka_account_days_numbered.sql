-- rows of one day are in no order: a day is its sum of movements and the balances the bank reported on it; what
-- follows from it is known once the last row up to it was received
with

days as (
    select
        source_account_id,
        transaction_date as balance_date,
        cast(sum(case direction_code when 'credit' then transaction_amount else -transaction_amount end)
            as decimal(18, 2)) as movement_amount,
        max(_received_date) as received_date
    from {{ ref('stg_berka__transactions') }}
    group by source_account_id, transaction_date
),

numbered as (
    select
        source_account_id,
        balance_date,
        movement_amount,
        max(received_date) over (partition by source_account_id order by balance_date nulls last) as received_date,
        row_number() over (partition by source_account_id order by balance_date nulls last) as day_number
    from days
)

select distinct
    numbered.source_account_id,
    numbered.balance_date,
    numbered.day_number,
    numbered.movement_amount,
    numbered.received_date,
    reported.balance_amount as reported_amount
from numbered
inner join {{ ref('stg_berka__transactions') }} as reported
    on
        numbered.source_account_id = reported.source_account_id
        and numbered.balance_date = reported.transaction_date
