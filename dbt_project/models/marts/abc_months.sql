-- T2: persons by transaction amount; a tie group at a cut goes to the lower class (law 13), so a person's
-- position counts everybody with the same amount
with

windows as (
    select
        month_number,
        {{ policy_count('abc_window_months', 'month.last_date') }} as window_months
    from {{ ref('months') }} as month
),

measures as (
    select
        person.customer_id,
        person.month_number,
        cast(person.transaction_amount_so_far - coalesce(former.transaction_amount_so_far, 0) as decimal(18, 2))
            as transaction_amount
    from {{ ref('customer_activity_months') }} as person
    inner join windows on person.month_number = windows.month_number
    left join {{ ref('customer_activity_months') }} as former
        on
            person.customer_id = former.customer_id
            and person.month_number - windows.window_months = former.month_number
    where person.customer_kind_code = 'person'
),

counts as (
    select
        customer_id,
        month_number,
        transaction_amount,
        cast(count(*) over (
            partition by month_number
            order by transaction_amount desc nulls last
            range between unbounded preceding and current row
        ) as decimal(18, 8)) as reached_count,
        cast(count(*) over (partition by month_number) as decimal(18, 0)) as person_count
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
    position.month_number,
    position.transaction_amount,
    position.cumulative_share,
    max(share.rank) as rank
from positions as position
inner join {{ ref('int_month_shares_cumulated') }} as share
    on
        position.month_number = share.month_number
        and share.share_set_code = 'abc'
        and position.cumulative_share <= share.cumulative_share
group by position.customer_id, position.month_number, position.transaction_amount, position.cumulative_share
