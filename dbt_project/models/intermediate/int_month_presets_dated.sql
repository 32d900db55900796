-- T12: by which rule a scheme grants its tiers in a month: the policy at its end, of the business month as of tonight.
-- A month counts once it is closed. Where the tier is what the metric says there is nothing to hold
select
    scheme.scheme_code,
    month.month_number,
    month.last_date = {{ month_last_day('month.month_number') }} as is_closed,
    preset.upgrade_code,
    scheme.private_from_rank,
    preset.below_months,
    coalesce(preset.private_below_months, preset.below_months) as private_below_months,
    coalesce(preset.watch_months, 0) as watch_months,
    preset.downgrade_code
from {{ ref('months') }} as month
inner join {{ source('policy', 'tier_schemes') }} as scheme on {{ in_force('scheme', 'month.last_date') }}
inner join {{ source('policy', 'tier_presets') }} as preset
    on scheme.preset_code = preset.preset_code and {{ in_force('preset', 'month.last_date') }}
where preset.upgrade_code <> 'immediate'
