-- C3, C4: what a customer who may leave takes along, and what a contact with him may be expected to save: probability
-- × share saved by the strategy × present value of his margin were he to stay − cost of the contact. Who wants no
-- contact or cannot be reached has no rank, who has opted out of automated decisions no strategy either; within the
-- budget are the first of each branch of whom something is saved
{%- set ends = {'': 'churn_probability', '_low': 'probability_low', '_high': 'probability_high'} %}
with

risks as (
    select
        score.customer_id,
        score.churn_probability,
        score.probability_low,
        score.probability_high,
        score.churn_percentile,
        score.days_inactive,
        score.days_inactive_from,
        score.method_code,
        score.score_version,
        {%- for reason in ['reason_1', 'reason_2', 'reason_3'] %}
        score.{{ reason }}_code,
        score.{{ reason }}_value,
        {%- endfor %}
        customer.branch_id,
        contact.is_contactable,
        coalesce(objection.is_opted_out, false) as is_opted_out,
        case when not coalesce(objection.is_opted_out, false) then strategy.strategy_code end as strategy_code,
        case
            when objection.is_opted_out then 'opted_out' else strategy.strategy_basis_code
        end as strategy_basis_code,
        case when not coalesce(objection.is_opted_out, false) then strategy.strategy_detail end as strategy_detail,
        lifetime.kept_amount,
        cast(
            candidate.aum_trailing_amount
            * coalesce(score.loss_share, {{ policy_value('churn_loss_share') }}) as decimal(18, 8)
        ) as lost_amount,
        case
            when objection.is_opted_out then null
            when strategy.strategy_code = 'offensive' then {{ policy_value('churn_offensive_save_share') }}
            else {{ policy_value('churn_defensive_save_share') }}
        end as save_rate,
        {{ policy_count('churn_contact_count') }} as contact_budget_count
    from {{ ref('customer_churn_scores') }} as score
    inner join {{ ref('customers') }} as customer on score.customer_id = customer.customer_id
    inner join {{ ref('churn_candidates') }} as candidate on score.customer_id = candidate.customer_id
    inner join {{ ref('contact_states') }} as contact on score.customer_id = contact.customer_id
    inner join {{ ref('int_churn_strategies_derived') }} as strategy on score.customer_id = strategy.customer_id
    inner join {{ ref('customer_lifetimes') }} as lifetime on score.customer_id = lifetime.customer_id
    left join {{ ref('customer_objections') }} as objection on score.customer_id = objection.customer_id
),

valued as (
    select
        risks.*,
        {%- for end, probability in ends.items() %}
        cast(lost_amount * {{ probability }} as decimal(18, 2)) as money_at_risk{{ end }}_amount,
        {%- endfor %}
        cast(cast(churn_probability * save_rate as decimal(18, 8)) * kept_amount as decimal(18, 2))
        - cast({{ policy_value('churn_contact_cost_amount') }} as decimal(18, 2)) as expected_saved_amount
    from risks
),

ranked as (
    select
        customer_id,
        row_number() over (order by expected_saved_amount desc nulls last, customer_id asc nulls last) as contact_rank,
        row_number() over (
            partition by branch_id order by expected_saved_amount desc nulls last, customer_id asc nulls last
        ) as branch_rank
    from valued
    where is_contactable and not is_opted_out
)

select
    valued.*,
    ranked.contact_rank,
    coalesce(
        ranked.branch_rank <= valued.contact_budget_count and valued.expected_saved_amount > 0, false
    ) as is_within_budget
from valued
left join ranked on valued.customer_id = ranked.customer_id
