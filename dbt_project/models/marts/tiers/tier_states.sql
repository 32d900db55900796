-- T12: which tier is held, by the rules of int_month_presets_dated. Each closed month is one step from the former; a
-- day within a month changes nothing. The first month gives the first tier. `next` is what the following month begins
-- with: the risen tier (next_month), the watch, the lower tier. Who stands at the eve goes one step; who does not, or
-- is re-opened, is followed from his first month
{%- set reopened = ref('int_tier_states_reopened') %}
{%- set carried = [
    'customer_id', 'branch_id', 'scheme_code', 'held_rank', 'metric_rank', 'below_count', 'best_below_rank',
    'state_code', 'since_month', 'next_rank', 'next_state_code', 'month_number'
] %}
with recursive

{%- if var('since') %}

tonight as (
    select *
    from {{ ref('int_scheme_ranks_dated') }}
    where month_number = {{ business_month() }}
),

standing as (
    select former.*
    from {{ this }} as former
    left join {{ reopened }} as again on former.customer_id = again.customer_id
    where former.month_number = {{ business_month() }} - 1 and again.customer_id is null
),

ranked as (
    select tonight.*
    from tonight
    left join standing on tonight.customer_id = standing.customer_id and tonight.scheme_code = standing.scheme_code
    where standing.customer_id is null
    union all
    select rank.*
    from {{ ref('int_scheme_ranks_dated') }} as rank
    inner join {{ reopened }} as again on rank.customer_id = again.customer_id
    where
        {{ pruned_to('rank.month_number', months_reopened(reopened)) }}
        and {{ is_among('rank.customer_id', 'select one.customer_id from ' ~ reopened ~ ' as one') }}
),
{%- else %}

ranked as (
    select *
    from {{ ref('int_scheme_ranks_dated') }}
),
{%- endif %}

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
        customer_id,
        branch_id,
        scheme_code,
        metric_rank as held_rank,
        metric_rank,
        0 as below_count,
        cast(null as integer) as best_below_rank,
        cast('current' as text) as state_code,
        month_number as since_month,
        metric_rank as next_rank,
        cast('current' as text) as next_state_code,
        month_number
    from firsts
    where coalesce(former_month, 0) < month_number - 1

    union all

    {{ tier_step('states', 'ranked') }}
)

select
    {{ carried | join(',\n    ') }}
from states
{%- if var('since') %}

union all

select
    {{ carried | join(',\n    ') }}
from ({{ tier_step('standing', 'tonight') }}) as onward
{%- endif %}
