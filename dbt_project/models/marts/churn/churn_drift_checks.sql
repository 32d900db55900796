-- C5: whether a version of the scores still holds, by its newest outcome: as many left as were expected, of all and of
-- the likeliest tenth, which holds more of them than the longest silent tenth; and the version is not too old. Few who
-- left prove nothing. And by its newest month end, long before its outcome: the scores of enough customers still lie as
-- when it was judged
{%- set checks = {
    'calibration': ['least(churned_count, expected_count)', 'greatest(churned_count, expected_count)'],
    'top_calibration': ['least(top_churned_count, top_expected_count)', 'greatest(top_churned_count, top_expected_count)'],
    'gain': ['top_churned_count * silent_customer_count', 'silent_churned_count * top_customer_count'],
} %}
{%- set bounds = {
    'calibration': 'churn_calibration_share', 'top_calibration': 'churn_calibration_share', 'gain': 'churn_gain_share'
} %}
with

versions as (
    select
        score_version,
        max(method_code) as method_code,
        min(snapshot_month_number) as first_month_number,
        max(snapshot_month_number) as snapshot_month_number
    from {{ ref('churn_outcome_months') }}
    group by score_version
),

newest as (
    select
        version.*,
        sum(outcome.churned_count) as churned_count,
        sum(outcome.expected_count) as expected_count
        {%- for count in ['customer', 'churned', 'expected'] %},
        sum(case when outcome.decile_number = 1 then outcome.{{ count }}_count else 0 end) as top_{{ count }}_count
        {%- endfor %}
        {%- for count in ['customer', 'churned'] %},
        sum(case when outcome.decile_number = 1 then outcome.silent_{{ count }}_count else 0 end)
            as silent_{{ count }}_count
        {%- endfor %}
    from versions as version
    inner join {{ ref('churn_outcome_months') }} as outcome
        on
            version.score_version = outcome.score_version
            and version.snapshot_month_number = outcome.snapshot_month_number
    group by version.score_version, version.method_code, version.first_month_number, version.snapshot_month_number
),

measured as (
    {%- for check, parts in checks.items() %}
    select
        score_version,
        method_code,
        snapshot_month_number,
        '{{ check }}' as check_code,
        cast(
            cast({{ parts[0] }} as decimal(18, 8)) / nullif(cast({{ parts[1] }} as decimal(18, 8)), 0) as decimal(18, 8)
        ) as check_value,
        {{ policy_value(bounds[check]) }} as bound_value,
        greatest(churned_count, expected_count) >= {{ policy_count('churn_outcome_minimum_count') }} as is_judged
    from newest
    union all
    {%- endfor %}
    select
        score_version,
        method_code,
        snapshot_month_number,
        'age' as check_code,
        cast({{ business_month() }} - first_month_number as decimal(18, 8)) as check_value,
        {{ policy_value('churn_model_age_months') }} as bound_value,
        true as is_judged
    from newest
    union all
    select
        score_version,
        'model' as method_code,
        snapshot_month_number,
        'score_stability' as check_code,
        psi_value as check_value,
        {{ policy_value('churn_psi_limit') }} as bound_value,
        customer_count >= {{ policy_count('churn_eligible_count') }} as is_judged
    from (
        select
            *,
            rank() over (partition by score_version order by month_number desc nulls last) as recency
        from {{ ref('churn_stability_months') }}
    ) as stability
    where recency = 1
)

select
    score_version,
    method_code,
    cast(snapshot_month_number as integer) as snapshot_month_number,
    check_code,
    check_value,
    bound_value,
    is_judged,
    is_judged and coalesce(
        case when check_code in ('age', 'score_stability') then check_value > bound_value else check_value < bound_value
        end, false
    ) as is_broken
from measured
