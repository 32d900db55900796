-- C3, C4: the reasons are worded in the view (policy: reasons)
select
    cast(rescue.customer_id as text) as customer_id,
    cast(rescue.branch_id as text) as branch_id,
    cast(rescue.churn_probability as decimal(9, 8)) as churn_probability,
    cast(rescue.churn_percentile as decimal(9, 8)) as churn_percentile,
    cast(band.band_code as text) as churn_band_code,
    cast(rescue.method_code as text) as method_code,
    cast(rescue.score_version as text) as score_version,
    cast(rescue.money_at_risk_amount as decimal(18, 2)) as money_at_risk_amount,
    cast(rescue.days_inactive as integer) as days_inactive,
    cast('churn.' || rescue.reason_1_code as text) as reason_code,
    cast(rescue.days_inactive_from as decimal(18, 4)) as threshold_value,
    {{ business_date() }} as business_date,
    cast(band.lower_bound as decimal(9, 8)) as churn_band_from_rate,
    cast(rescue.probability_low as decimal(9, 8)) as probability_low,
    cast(rescue.probability_high as decimal(9, 8)) as probability_high,
    cast(rescue.money_at_risk_low_amount as decimal(18, 2)) as money_at_risk_low_amount,
    cast(rescue.money_at_risk_high_amount as decimal(18, 2)) as money_at_risk_high_amount,
    {%- for reason in ['reason_1', 'reason_2', 'reason_3'] %}
    cast('churn.' || rescue.{{ reason }}_code as text) as {{ reason }}_code,
    cast(rescue.{{ reason }}_value as decimal(18, 4)) as {{ reason }}_value,
    {%- endfor %}
    cast(rescue.strategy_code as text) as strategy_code,
    cast(rescue.strategy_basis_code as text) as strategy_basis_code,
    cast(rescue.strategy_detail as text) as strategy_detail,
    cast(rescue.expected_saved_amount as decimal(18, 2)) as expected_saved_amount,
    cast(rescue.is_contactable as boolean) as is_contactable,
    cast(rescue.contact_rank as integer) as contact_rank,
    cast(rescue.contact_budget_count as integer) as contact_budget_count,
    cast(rescue.is_within_budget as boolean) as is_within_budget
from {{ ref('customer_rescues') }} as rescue
inner join {{ ref('int_month_bands_bounded') }} as band
    on
        band.month_number = {{ business_month() }}
        and band.band_set_code = 'churn_band'
        and {{ in_band('rescue.churn_probability', 'band') }}
