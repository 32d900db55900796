-- T2: a class begins at the smallest amount that is in it; the reason tells the share reached and the policy's
with

classes as (
    select
        position.rank,
        min(position.transaction_amount) as lower_amount
    from {{ ref('abc_months') }} as position
    where position.month_number = {{ business_month() }}
    group by position.rank
),

bounds as (
    select
        rank,
        lower_amount,
        lead(lower_amount) over (order by rank nulls last) as upper_amount
    from classes
)

select
    position.customer_id,
    'abc' as scheme_code,
    'transaction_amount' as measure_code,
    share.band_code as tier_code,
    cast(position.transaction_amount as decimal(18, 4)) as metric_value,
    cast(bound.lower_amount as decimal(18, 4)) as threshold_value,
    cast(bound.upper_amount as decimal(18, 4)) as next_threshold_value,
    'abc' as rule_code,
    cast(cast(position.cumulative_share as decimal(18, 4)) as varchar)
    || ' / ' || cast(cast(share.cumulative_share as decimal(18, 4)) as varchar) as reason_detail
from {{ ref('abc_months') }} as position
inner join bounds as bound on position.rank = bound.rank
inner join {{ ref('int_month_shares_cumulated') }} as share
    on
        position.month_number = share.month_number
        and share.share_set_code = 'abc'
        and position.rank = share.rank
where position.month_number = {{ business_month() }}
