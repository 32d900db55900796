select
    cast(score.customer_id as text) as customer_id,
    cast(customer.branch_id as text) as branch_id,
    cast(score.churn_probability as decimal(9, 8)) as churn_probability,
    cast(score.churn_percentile as decimal(9, 8)) as churn_percentile,
    cast(band.band_code as text) as churn_band_code,
    cast(score.method_code as text) as method_code,
    cast(score.score_version as text) as score_version,
    cast(candidate.aum_month_average_amount * score.churn_probability as decimal(18, 2)) as money_at_risk_amount,
    cast(score.days_inactive as integer) as days_inactive,
    cast('churn.inactivity' as text) as reason_code,
    cast(score.days_inactive_from as decimal(18, 4)) as threshold_value,
    {{ business_date() }} as business_date,
    cast(band.lower_bound as decimal(9, 8)) as churn_band_from_rate
from {{ ref('customer_churn_scores') }} as score
inner join {{ ref('customers') }} as customer on score.customer_id = customer.customer_id
inner join {{ ref('churn_candidates') }} as candidate on score.customer_id = candidate.customer_id
inner join {{ ref('int_month_bands_bounded') }} as band
    on
        band.month_number = {{ business_month() }}
        and band.band_set_code = 'churn_band'
        and {{ in_band('score.churn_probability', 'band') }}
