-- C5: what was expected and what happened, by the tenths of the scores of each month whose horizon has passed
with

drifts as (
    select
        score_version,
        max(case when is_broken then 1 else 0 end) = 1 as is_broken
    from {{ ref('churn_drift_checks') }}
    group by score_version
)

select
    cast(outcome.score_version as text) as score_version,
    cast(outcome.method_code as text) as method_code,
    cast({{ month_last_day('outcome.snapshot_month_number') }} as date) as month_end_date,
    cast({{ month_last_day('outcome.month_number') }} as date) as horizon_end_date,
    cast(outcome.decile_number as integer) as decile_number,
    cast(outcome.customer_count as bigint) as customer_count,
    cast(outcome.churned_count as bigint) as churned_count,
    cast(outcome.attrition_count as bigint) as attrition_count,
    cast(outcome.dormancy_count as bigint) as dormancy_count,
    cast(outcome.exit_count as bigint) as exit_count,
    cast(outcome.expected_count / outcome.customer_count as decimal(9, 8)) as expected_rate,
    cast(cast(outcome.churned_count as decimal(18, 8)) / outcome.customer_count as decimal(9, 8)) as observed_rate,
    cast(outcome.churned_count / nullif(outcome.expected_count, 0) as decimal(18, 8)) as observed_expected_ratio,
    cast(outcome.aum_amount as decimal(18, 2)) as aum_amount,
    cast(outcome.lost_amount as decimal(18, 2)) as lost_amount,
    cast({{ policy_code('base_currency') }} as text) as currency_code,
    cast(drift.is_broken as boolean) as is_drifted,
    {{ business_date() }} as business_date
from {{ ref('churn_outcome_months') }} as outcome
inner join drifts as drift on outcome.score_version = drift.score_version
where outcome.month_number > {{ business_month() }} - {{ policy_count('curve_window_months') }}
