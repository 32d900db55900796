-- C5: the scores of the snapshot whose horizon ends with the business month, and what became of each customer; none on
-- a night that ends no month. Equal probabilities share a tenth, the one that holds them all, and so do equal days
-- without activity (law 13)
{%- set snapshot_month = '(' ~ business_month() ~ ' - ' ~ policy_count('churn_horizon_months') ~ ')' %}
with

followed as (
    select
        score.method_code,
        score.score_version,
        score.churn_probability,
        feature.aum_trailing_amount,
        label.is_attrition,
        label.is_dormancy,
        label.is_exit,
        label.is_churned,
        label.lost_amount,
        feature.month_number as snapshot_month_number,
        count(*) over (partition by score.score_version) as scored_count,
        rank() over (partition by score.score_version order by score.churn_probability nulls last) as probability_rank,
        rank() over (partition by score.score_version order by score.days_inactive nulls last) as inactivity_rank
    from {{ ref('churn_features') }} as feature
    inner join {{ ref('churn_labels') }} as label
        on feature.customer_id = label.customer_id and feature.month_number = label.month_number
    inner join {{ ref('stg_churn_model__scores') }} as score on feature.customer_id = score.customer_id
    where
        {{ is_month_end() }}
        and feature.month_number = {{ snapshot_month }}
        and label.month_number = {{ snapshot_month }}
        and score._received_date = {{ month_last_day(snapshot_month) }}
)

select
    followed.*,
    {{ tenth_of('probability_rank', 'scored_count') }} as decile_number,
    {{ tenth_of('inactivity_rank', 'scored_count') }} as inactivity_decile_number
from followed
