-- L2, L4, L6, L11: the measures of stability that months tell. Deviation: how far a month strays from the mean, as a
-- part of the mean; growth above a doubling counts as one
{%- set amounts = {'income': 'income', 'asset': 'average'} %}
select
    customer_id,
    {%- for measure, amount in amounts.items() %}
    case
        when
            stability_count >= {{ policy_count('volatility_minimum_months') }}
            and {{ amount }}_stability_amount > 0
            then cast({{ amount }}_deviation_amount / {{ amount }}_stability_amount as decimal(18, 8))
    end as {{ measure }}_volatility,
    case
        when
            trend_count = {{ policy_count('life_cycle_trend_months') }} + {{ policy_count('life_cycle_trend_months') }}
            and {{ amount }}_former_amount > 0
            then cast(
                least({{ amount }}_recent_amount - {{ amount }}_former_amount, {{ amount }}_former_amount)
                / {{ amount }}_former_amount as decimal(18, 8)
            )
    end as {{ measure }}_growth,
    {%- endfor %}
    cast(cast(active_day_count as decimal(18, 2)) / nullif(loyalty_count, 0) as decimal(18, 8)) as continuity_days,
    case
        when eve_amount > 0 then cast(least(coalesce(kept_amount, 0), eve_amount) / eve_amount as decimal(18, 8))
    end as price_sensitivity,
    cast(month_end_spike_count as integer) as month_end_spike_count,
    month_end_spike_count >= {{ policy_count('spike_minimum_count') }} as has_month_end_spike
from {{ ref('int_customer_windows_summed') }}
