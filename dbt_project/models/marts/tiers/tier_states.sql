-- T12: which tier is held, by the rules of int_month_presets_dated. Each closed month is one step from the former; a
-- day within a month changes nothing. The first month gives the first tier. `next` is what the following month begins
-- with: the risen tier (next_month), the watch, the lower tier
{%- set carried = [
    'customer_id', 'branch_id', 'scheme_code', 'held_rank', 'metric_rank', 'below_count', 'best_below_rank',
    'state_code', 'since_month', 'next_rank', 'next_state_code'
] %}
with recursive

ranked as (
    select rank.*
    from {{ ref('int_scheme_ranks_dated') }} as rank
    {%- if var('since') %}
    where rank.month_number = {{ business_month() }}
    union all
    select rank.*
    from {{ ref('int_scheme_ranks_dated') }} as rank
    inner join {{ ref('int_tier_states_reopened') }} as again on rank.customer_id = again.customer_id
    where {{ pruned_to('rank.month_number', months_reopened(ref('int_tier_states_reopened'))) }}
    {%- endif %}
),

-- what the others stood at on the eve
standing as (
    {%- if var('since') %}
    select former.*
    from {{ this }} as former
    left join {{ ref('int_tier_states_reopened') }} as again on former.customer_id = again.customer_id
    where former.month_number = {{ business_month() }} - 1 and again.customer_id is null
    {%- else %}
    select
        customer_id,
        scheme_code,
        month_number
    from ranked
    where false
    {%- endif %}
),

firsts as (
    select
        ranked.*,
        lag(month_number) over (
            partition by customer_id, scheme_code
            order by month_number nulls last
        ) as former_month
    from ranked
),

states as (
    select
        first.customer_id,
        first.branch_id,
        first.scheme_code,
        first.metric_rank as held_rank,
        first.metric_rank,
        0 as below_count,
        cast(null as integer) as best_below_rank,
        cast('current' as text) as state_code,
        first.month_number as since_month,
        first.metric_rank as next_rank,
        cast('current' as text) as next_state_code,
        true as is_built,
        first.month_number
    from firsts as first
    left join standing
        on
            first.customer_id = standing.customer_id
            and first.scheme_code = standing.scheme_code
            and first.month_number = standing.month_number + 1
    where coalesce(first.former_month, 0) < first.month_number - 1 and standing.customer_id is null
    {%- if var('since') %}

    union all

    select
        {{ carried | join(',\n        ') }},
        false as is_built,
        month_number
    from standing
    {%- endif %}

    union all

    {{ tier_step('states', 'ranked') }}
)

select
    {{ carried | join(',\n    ') }},
    month_number
from states
where is_built
