-- C2: what was known of each candidate as of the business date; a closed month keeps what was known at its end. Months
-- count once they are full, so that a night in mid-month sees what a month end sees
select
    candidate.customer_id,
    customer.customer_kind_code,
    customer.branch_id,
    -- activity
    candidate.days_inactive,
    trend.transaction_trailing_count,
    trend.active_day_trailing_count,
    trend.transaction_last_change,
    trend.transaction_trend_change,
    trend.active_day_last_change,
    trend.active_day_trend_change,
    trend.card_spend_trend_change,
    trend.turnover_trend_change,
    -- balance_trend
    {{ change_of('activity.aum_amount', 'candidate.aum_trailing_amount') }} as aum_now_change,
    trend.aum_last_change,
    trend.aum_trend_change,
    trend.aum_peak_change,
    stability.asset_volatility_value as asset_volatility,
    stability.month_end_spike_count,
    -- flows
    trend.net_outflow_last_share,
    trend.net_outflow_trailing_share,
    trend.own_transfer_out_trailing_share,
    -- products
    coalesce(product.product_class_count, 0) as product_class_count,
    coalesce(product.product_count, 0) as product_count,
    {{ part_of('coalesce(term.term_amount, 0)', 'holding.asset_amount') }} as term_share,
    {{ part_of('holding.investment_amount', 'holding.asset_amount') }} as investment_share,
    {{ part_of('holding.liability_amount', 'holding.asset_amount + holding.liability_amount') }} as debt_share,
    {{ part_of('coalesce(term.maturing_amount, 0)', 'holding.asset_amount') }} as maturing_share,
    term.days_to_maturity,
    stability.switching_cost_value as switching_cost,
    -- price_gap
    gap.gap_rate as market_gap_rate,
    cast(
        gap.gap_rate * {{ part_of('coalesce(term.term_amount, 0)', 'holding.asset_amount') }} as decimal(18, 8)
    ) as price_gap_rate,
    stability.price_sensitivity_value as price_sensitivity,
    -- service
    coalesce(service.complaint_count, 0) as complaint_count,
    coalesce(service.open_complaint_count, 0) as open_complaint_count,
    coalesce(service.unresolved_complaint_count, 0) as unresolved_complaint_count,
    service.days_since_complaint,
    cast(
        case when service.complaint_count > 0 then candidate.aum_trailing_amount else 0 end as decimal(18, 2)
    ) as complaint_aum_amount,
    coalesce(service.other_feedback_count, 0) as other_feedback_count,
    coalesce(service.contact_count, 0) as contact_count,
    service.days_since_contact,
    -- salary_and_life
    trend.months_since_salary,
    trend.salary_month_count,
    trend.salary_last_change,
    trend.salary_trend_change,
    stability.income_volatility_value as income_volatility,
    coalesce(record.has_new_relocation, 0) as has_new_relocation,
    record.days_since_relocation,
    coalesce(record.has_new_phone, 0) as has_new_phone,
    coalesce(record.has_new_branch, 0) as has_new_branch,
    -- relationship
    {{ whole_months('holding.first_opened_date', business_date()) }} as tenure_months,
    {{ whole_years('customer.birth_date', business_date()) }} as age_years,
    credit.grade_score as credit_score,
    credit.bad_record_count,
    holding.overdue_days,
    stability_score.loyalty_score,
    customer.source_count,
    -- digital
    trend.digital_trailing_share,
    trend.branch_share,
    preference.web_session_count_12m + preference.mobile_session_count_12m as session_count,
    customer.preferred_channel_code,
    -- what there is to lose
    candidate.aum_trailing_amount,
    {{ business_month() }} as month_number
from {{ ref('churn_candidates') }} as candidate
inner join {{ ref('customers') }} as customer on candidate.customer_id = customer.customer_id
inner join {{ ref('customer_holdings') }} as holding on candidate.customer_id = holding.customer_id
inner join {{ ref('customer_activity_months') }} as activity
    on candidate.customer_id = activity.customer_id and activity.month_number = {{ business_month() }}
inner join {{ ref('int_customer_trends_measured') }} as trend on candidate.customer_id = trend.customer_id
inner join {{ ref('int_stability_parts_scored') }} as stability on candidate.customer_id = stability.customer_id
inner join {{ ref('customer_stability_scores') }} as stability_score
    on candidate.customer_id = stability_score.customer_id
inner join {{ ref('credit_standings') }} as credit on candidate.customer_id = credit.customer_id
inner join {{ ref('channel_preferences') }} as preference on candidate.customer_id = preference.customer_id
cross join {{ ref('int_market_gaps_measured') }} as gap
left join {{ ref('int_customer_products_counted') }} as product on candidate.customer_id = product.customer_id
left join {{ ref('int_customer_terms_summed') }} as term on candidate.customer_id = term.customer_id
left join {{ ref('int_customer_services_counted') }} as service on candidate.customer_id = service.customer_id
left join {{ ref('int_customer_records_changed') }} as record on candidate.customer_id = record.customer_id
