-- C3: the champion's scores of tonight; where the rule gave them, beside the step they come from
with

scores as (
    select
        score.*,
        rank() over (order by score.churn_probability nulls last) - 1 as lower_count,
        count(*) over () as scored_count
    from {{ ref('stg_churn_model__scores') }} as score
    where
        score._received_date = {{ business_date() }}
        and score.role_code = 'champion'
),

-- the last step that the days reach: the rule has a few, so that nothing is joined customer by customer
reached as (
    select
        score.method_code,
        score.days_inactive,
        max(rule.days_inactive_from) as days_inactive_from
    from (
        select distinct
            method_code,
            days_inactive
        from scores
        where method_code = 'rule'
    ) as score
    inner join {{ source('policy', 'churn_rule') }} as rule
        on score.days_inactive >= rule.days_inactive_from and {{ in_force('rule') }}
    group by score.method_code, score.days_inactive
)

select
    score.customer_id,
    score.churn_probability,
    score.probability_low,
    score.probability_high,
    score.loss_share,
    cast(cast(score.lower_count as decimal(18, 8)) / cast(score.scored_count as decimal(18, 0))
        as decimal(9, 8)) as churn_percentile,
    score.days_inactive,
    reached.days_inactive_from,
    score.method_code,
    score.score_version,
    score.reason_1_code,
    score.reason_1_value,
    score.reason_2_code,
    score.reason_2_value,
    score.reason_3_code,
    score.reason_3_value
from scores as score
left join reached
    on score.method_code = reached.method_code and score.days_inactive = reached.days_inactive
