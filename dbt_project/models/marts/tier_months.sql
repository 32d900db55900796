-- the tier that each scheme grants. Since = the first day of the month from which the customer has been in the tier
-- without a break
select
    scheme.customer_id,
    scheme.scheme_code,
    scheme.tier_code,
    scheme.tier_rank,
    scheme.tier_code as metric_tier_code,
    'current' as state_code,
    coalesce({{ 'former.since_date' if var('since') else 'null' }}, month.first_date) as since_date,
    scheme.metric_value,
    scheme.threshold_value,
    scheme.next_threshold_value,
    scheme.rule_code,
    scheme.reason_detail,
    scheme.month_number
from {{ ref('scheme_months') }} as scheme
inner join {{ ref('months') }} as month on scheme.month_number = month.month_number
{%- if var('since') %}
left join {{ this }} as former
    on
        scheme.customer_id = former.customer_id
        and scheme.scheme_code = former.scheme_code
        and scheme.tier_code = former.tier_code
        and former.month_number = {{ business_month() }} - 1
{%- endif %}
where scheme.month_number = {{ business_month() }}
