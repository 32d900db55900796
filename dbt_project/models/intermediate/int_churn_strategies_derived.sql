-- C4: how a customer who may leave is met. A complaint that was not resolved is answered before anything is offered:
-- 防守. Else who is worth it, today or by promise, and has a part of his assets elsewhere is courted: 进攻. All others
-- are kept by what binds them and by care: 防守
with

complaints as (
    select distinct customer_id
    from {{ ref('int_responses_pointed') }}
    where part_code = 'feedback' and kind_code = 'complaint' and answer_code <> 'resolved'
),

measured as (
    select
        value.customer_id,
        complaint.customer_id is not null as has_complaint,
        value.current_value_12m_amount as value_amount,
        potential.potential_score,
        1 - value.wallet_share as elsewhere_share,
        part.raw_value as switching_cost_share,
        {{ policy_value('strategy_value_amount') }} as value_bound,
        {{ policy_value('strategy_potential_share') }} as potential_bound,
        {{ policy_value('strategy_elsewhere_share') }} as elsewhere_bound,
        {{ policy_value('strategy_switching_cost_share') }} as switching_cost_bound
    from {{ ref('customer_trailing_values') }} as value
    inner join {{ ref('customer_potentials') }} as potential on value.customer_id = potential.customer_id
    left join {{ ref('stability_parts') }} as part
        on
            value.customer_id = part.customer_id
            and part.score_code = 'loyalty'
            and part.part_code = 'switching_cost'
    left join complaints as complaint on value.customer_id = complaint.customer_id
),

judged as (
    select
        measured.*,
        case
            when has_complaint then 'complaint'
            when
                (value_amount >= value_bound or potential_score >= potential_bound)
                and elsewhere_share >= elsewhere_bound
                then 'share_elsewhere'
            when switching_cost_share >= switching_cost_bound then 'switching_cost'
            else 'other'
        end as strategy_basis_code
    from measured
)

select
    customer_id,
    case when strategy_basis_code = 'share_elsewhere' then 'offensive' else 'defensive' end as strategy_code,
    strategy_basis_code,
    concat_ws(
        ' | ',
        concat_ws(' / ', {{ score_text('value_amount') }}, {{ score_text('value_bound') }}),
        concat_ws(' / ', {{ score_text('potential_score') }}, {{ score_text('potential_bound') }}),
        concat_ws(' / ', {{ score_text('elsewhere_share') }}, {{ score_text('elsewhere_bound') }}),
        concat_ws(' / ', {{ score_text('switching_cost_share') }}, {{ score_text('switching_cost_bound') }})
    ) as strategy_detail
from judged
