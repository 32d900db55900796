-- C5: what became of each tenth of the scores, 1 the likeliest to leave, beside the tenth that had been silent longest;
-- as known at the end of the horizon
{%- set ways = ['attrition', 'dormancy', 'exit'] %}
with

outcomes as (
    select
        score_version,
        max(method_code) as method_code,
        snapshot_month_number,
        decile_number,
        count(*) as customer_count,
        sum(case when is_churned then 1 else 0 end) as churned_count
        {%- for way in ways %},
        sum(case when is_{{ way }} then 1 else 0 end) as {{ way }}_count
        {%- endfor %},
        cast(sum(churn_probability) as decimal(18, 8)) as expected_count,
        cast(sum(aum_trailing_amount) as decimal(18, 2)) as aum_amount,
        cast(sum(lost_amount) as decimal(18, 2)) as lost_amount
    from {{ ref('int_churn_scores_followed') }}
    group by score_version, snapshot_month_number, decile_number
),

silent as (
    select
        score_version,
        inactivity_decile_number as decile_number,
        count(*) as customer_count,
        sum(case when is_churned then 1 else 0 end) as churned_count
    from {{ ref('int_churn_scores_followed') }}
    group by score_version, inactivity_decile_number
)

select
    outcome.score_version,
    outcome.method_code,
    cast(outcome.snapshot_month_number as integer) as snapshot_month_number,
    outcome.decile_number,
    cast(outcome.customer_count as bigint) as customer_count,
    cast(outcome.churned_count as bigint) as churned_count
    {%- for way in ways %},
    cast(outcome.{{ way }}_count as bigint) as {{ way }}_count
    {%- endfor %},
    outcome.expected_count,
    outcome.aum_amount,
    outcome.lost_amount,
    cast(coalesce(silent.customer_count, 0) as bigint) as silent_customer_count,
    cast(coalesce(silent.churned_count, 0) as bigint) as silent_churned_count,
    {{ business_month() }} as month_number
from outcomes as outcome
left join silent
    on outcome.score_version = silent.score_version and outcome.decile_number = silent.decile_number
