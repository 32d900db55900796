select
    score.customer_id,
    'rfm' as scheme_code,
    'rfm_score' as measure_code,
    band.band_code as tier_code,
    cast(score.rfm_score as decimal(18, 4)) as metric_value,
    cast(band.lower_bound as decimal(18, 4)) as threshold_value,
    cast(band.upper_bound as decimal(18, 4)) as next_threshold_value,
    'rfm' as rule_code,
    'R' || score.recency_score || ' F' || score.frequency_score || ' M' || score.monetary_score as reason_detail
from {{ ref('rfm_months') }} as score
inner join {{ ref('int_persons_scoped') }} as person on score.customer_id = person.customer_id
{{ join_band('rfm', 'score.rfm_score') }}
where score.month_number = {{ business_month() }}
