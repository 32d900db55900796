-- V10: which share of revenue and of contribution the best customers make; a closed month keeps what was known at its
-- end. A step holds the customers who stand wholly within it: equal amounts that straddle a cut wait for the next step,
-- and the share reached is told (law 13)
with recursive

cumulated as (
    select
        value.*,
        cast(cast(position_count as decimal(18, 8)) / customer_count as decimal(18, 8)) as position_share
    from {{ ref('int_customer_values_cumulated') }} as value
),

steps as (
    select
        1 as step_number,
        {{ policy_value('concentration_step_share') }} as step_share
    union all
    select
        step_number + 1 as step_number,
        step_share
    from steps
    where step_number * step_share < 1
),

checks as (
    select
        scope_code,
        branch_id,
        measure_code,
        max(customer_count) as customer_count,
        max(total_amount) as total_amount,
        cast(sum(
            case when position_share <= {{ policy_value('concentration_top_share') }} then held_amount else 0 end
        ) as decimal(18, 2)) as top_amount,
        max(case
            when position_share <= {{ policy_value('concentration_top_share') }} then position_share else 0
        end) as top_customer_share,
        min(case
            when reached_amount >= total_amount * {{ policy_value('concentration_value_share') }} then position_share
        end) as least_customer_share
    from cumulated
    group by scope_code, branch_id, measure_code
),

placed as (
    select
        scope_code,
        branch_id,
        measure_code,
        ceil(position_share / {{ policy_value('concentration_step_share') }}) as step_number,
        sum(held_count) as held_count,
        cast(sum(held_amount) as decimal(18, 2)) as held_amount
    from cumulated
    group by
        scope_code, branch_id, measure_code, ceil(position_share / {{ policy_value('concentration_step_share') }})
),

reached as (
    select
        checks.*,
        least(step.step_number * step.step_share, 1) as customer_share,
        cast(sum(coalesce(placed.held_count, 0)) over walked as decimal(18, 8)) as reached_count,
        cast(sum(coalesce(placed.held_amount, 0)) over walked as decimal(18, 2)) as reached_amount
    from checks
    cross join steps as step
    left join placed
        on
            checks.scope_code = placed.scope_code
            and coalesce(checks.branch_id, '') = coalesce(placed.branch_id, '')
            and checks.measure_code = placed.measure_code
            and step.step_number = placed.step_number
    window
        walked as (
            partition by checks.scope_code, checks.branch_id, checks.measure_code
            order by step.step_number nulls last
            rows between unbounded preceding and current row
        )
)

select
    scope_code,
    branch_id,
    measure_code,
    cast(customer_share as decimal(18, 8)) as customer_share,
    cast(reached_count / customer_count as decimal(18, 8)) as reached_customer_share,
    cast(case when total_amount > 0 then reached_amount / total_amount end as decimal(18, 8)) as value_share,
    reached_amount,
    cast(customer_count as bigint) as customer_count,
    total_amount,
    cast(top_customer_share as decimal(18, 8)) as top_customer_share,
    cast(case when total_amount > 0 then top_amount / total_amount end as decimal(18, 8)) as top_value_share,
    cast(case when total_amount > 0 then least_customer_share end as decimal(18, 8)) as least_customer_share,
    {{ business_month() }} as month_number
from reached
