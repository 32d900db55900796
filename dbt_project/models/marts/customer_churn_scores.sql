-- the scores of tonight beside the step of the rule they come from
with

scores as (
    select
        score.customer_id,
        score.churn_probability,
        score.days_inactive,
        score.method_code,
        score.score_version,
        rank() over (order by score.churn_probability nulls last) - 1 as lower_count,
        count(*) over () as scored_count
    from {{ ref('stg_churn_model__scores') }} as score
    where score._received_date = {{ business_date() }}
),

-- the last step that the days reach: the rule has a few, so that nothing is joined customer by customer
reached as (
    select
        score.days_inactive,
        max(rule.days_inactive_from) as days_inactive_from
    from (select distinct days_inactive from scores) as score
    inner join {{ source('policy', 'churn_rule') }} as rule
        on score.days_inactive >= rule.days_inactive_from and {{ in_force('rule') }}
    group by score.days_inactive
)

select
    score.customer_id,
    score.churn_probability,
    cast(cast(score.lower_count as decimal(18, 8)) / cast(score.scored_count as decimal(18, 0))
        as decimal(9, 8)) as churn_percentile,
    score.days_inactive,
    reached.days_inactive_from,
    score.method_code,
    score.score_version
from scores as score
inner join reached on score.days_inactive = reached.days_inactive
