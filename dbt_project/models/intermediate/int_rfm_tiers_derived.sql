select
    score.customer_id,
    'rfm' as scheme_code,
    band.band_code as tier_code,
    band.rank as tier_rank,
    score.rfm_score as metric_value,
    band.lower_bound as threshold_value,
    band.upper_bound as next_threshold_value,
    'rfm' as rule_code,
    'R' || score.recency_score || ' F' || score.frequency_score || ' M' || score.monetary_score as reason_detail
from {{ ref('rfm_months') }} as score
inner join {{ ref('int_persons_scoped') }} as person on score.customer_id = person.customer_id
inner join {{ ref('int_branch_bands_scoped') }} as band
    on
        person.branch_id = band.branch_id
        and band.band_set_code = 'rfm'
        and {{ in_band('score.rfm_score', 'band') }}
where score.month_number = {{ business_month() }}
