-- T2: persons by transaction amount; a tie group at a cut goes to the lower class (law 13), so a person's
-- position counts everybody with the same amount
with

measures as (
    select
        customer_id,
        month_number,
        abc_transaction_amount as transaction_amount
    from {{ ref('customer_activity_months') }}
    where month_number = {{ business_month() }} and customer_kind_code = 'person'
),

counts as (
    select
        customer_id,
        month_number,
        transaction_amount,
        cast(count(*) over (
            order by transaction_amount desc nulls last
            range between unbounded preceding and current row
        ) as decimal(18, 8)) as reached_count,
        cast(count(*) over () as decimal(18, 0)) as person_count
    from measures
),

positions as (
    select
        customer_id,
        month_number,
        transaction_amount,
        cast(reached_count / person_count as decimal(18, 8)) as cumulative_share
    from counts
)

select
    position.customer_id,
    position.transaction_amount,
    position.cumulative_share,
    max(share.rank) as rank,
    position.month_number
from positions as position
inner join {{ ref('int_month_shares_cumulated') }} as share
    on
        position.month_number = share.month_number
        and share.share_set_code = 'abc'
        and position.cumulative_share <= share.cumulative_share
group by position.customer_id, position.month_number, position.transaction_amount, position.cumulative_share
