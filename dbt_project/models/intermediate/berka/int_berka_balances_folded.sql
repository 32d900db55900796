-- The end-of-day balance is the reported balance nearest to the former end-of-day balance plus the day's
-- movements (ties: the lower). One step per active day of an account.
with recursive

chosen as (
    select
        day.source_account_id,
        day.balance_date,
        cast(day.day_number as bigint) as day_number,
        day.received_date,
        cast(day.reported_amount as decimal(18, 2)) as balance_amount,
        cast(abs(day.reported_amount - day.movement_amount) as decimal(18, 2)) as gap_amount,
        row_number() over (
            partition by day.source_account_id
            order by abs(day.reported_amount - day.movement_amount) nulls last, day.reported_amount nulls last
        ) as choice_rank
    from {{ ref('int_berka_account_days_numbered') }} as day
    where day.day_number = 1

    union all

    select
        day.source_account_id,
        day.balance_date,
        cast(day.day_number as bigint) as day_number,
        day.received_date,
        cast(day.reported_amount as decimal(18, 2)) as balance_amount,
        cast(abs(day.reported_amount - former.balance_amount - day.movement_amount) as decimal(18, 2))
            as gap_amount,
        row_number() over (
            partition by day.source_account_id
            order by
                abs(day.reported_amount - former.balance_amount - day.movement_amount) nulls last,
                day.reported_amount nulls last
        ) as choice_rank
    from chosen as former
    inner join {{ ref('int_berka_account_days_numbered') }} as day
        on former.source_account_id = day.source_account_id and former.day_number + 1 = day.day_number
    where former.choice_rank = 1
)

select
    source_account_id,
    balance_date,
    balance_amount,
    gap_amount,
    received_date
from chosen
where choice_rank = 1
