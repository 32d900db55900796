select
    cast(score.customer_id as text) as customer_id,
    cast(customer.branch_id as text) as branch_id
    {%- for score_code in score_parts() %},
    cast(score.{{ score_code }}_score as decimal(9, 8)) as {{ score_code }}_score,
    cast(score.{{ score_code }}_missing_count as integer) as {{ score_code }}_missing_count,
    cast(score.{{ score_code }}_known_weight as decimal(9, 8)) as {{ score_code }}_known_weight
    {%- endfor %}
    {%- for parts in score_parts().values() %}
    {%- for part in parts %},
    cast(part.{{ part }}_value as decimal(18, 8)) as {{ part }}_value,
    cast(part.{{ part }}_score as decimal(9, 8)) as {{ part }}_score
    {%- endfor %}
    {%- endfor %},
    cast(score.month_end_spike_count as integer) as month_end_spike_count,
    cast(score.has_month_end_spike as boolean) as has_month_end_spike,
    cast(standing.credit_grade_code as text) as credit_grade_code,
    cast(standing.bad_record_count as integer) as bad_record_count,
    cast(standing.unsettled_record_count as integer) as unsettled_record_count,
    cast(standing.has_consecutive_bad_records as boolean) as has_consecutive_bad_records,
    cast(standing.has_malicious_record as boolean) as has_malicious_record,
    cast(standing.is_good_credit as boolean) as is_good_credit,
    {{ business_date() }} as business_date
from {{ ref('customer_stability_scores') }} as score
inner join {{ ref('int_stability_parts_scored') }} as part on score.customer_id = part.customer_id
inner join {{ ref('credit_standings') }} as standing on score.customer_id = standing.customer_id
inner join {{ ref('customers') }} as customer on score.customer_id = customer.customer_id
