-- V7: from the churn probability of the policy's horizon to the share that stays from month to month and the worth of
-- one unit a month over the remaining life; a probability counts with four places. Who has no score stays with the
-- share of policy
with

assumptions as (
    select
        {{ policy_count('churn_horizon_months') }} as churn_months,
        {{ policy_count('lifetime_horizon_months') }} as horizon_months,
        {{ policy_value('lifetime_discount_rate') }} as discount_rate,
        {{ policy_value('lifetime_month_retention_share') }} as policy_retention_rate
),

retentions as (
    select
        probability.churn_probability,
        assumption.*,
        {{ month_retention('probability.churn_probability', 'assumption.churn_months') }} as retention_rate
    from {{ ref('int_churn_probabilities_listed') }} as probability
    cross join assumptions as assumption
    union all
    select
        cast(null as decimal(9, 4)) as churn_probability,
        assumption.*,
        assumption.policy_retention_rate as retention_rate
    from assumptions as assumption
)

select
    churn_probability,
    retention_rate,
    discount_rate,
    horizon_months,
    {{ annuity('retention_rate', 'discount_rate', 'horizon_months') }} as annuity_value,
    {{ annuity('policy_retention_rate', 'discount_rate', 'horizon_months') }} as kept_annuity_value
from retentions
