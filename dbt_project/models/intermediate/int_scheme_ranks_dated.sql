-- T12: the rank a month's metric reaches. AUM as it is known now, so that late data of a closed month counts; what
-- other schemes measure is kept as it was known at the month's end
with

measured as (
    select
        customer_id,
        'aum_level' as scheme_code,
        aum_month_average_amount as metric_value,
        cast(null as integer) as tier_rank,
        month_number
    from {{ ref('customer_months') }}

    union all

    select
        customer_id,
        scheme_code,
        metric_value,
        tier_rank,
        month_number
    from {{ ref('scheme_months') }}
    where scheme_code <> 'aum_level'
)

select
    measured.customer_id,
    coalesce(customer.branch_id, 'unknown') as branch_id,
    measured.scheme_code,
    cast(coalesce(measured.tier_rank, band.rank) as integer) as metric_rank,
    band.top_rank,
    preset.is_closed,
    preset.upgrade_code,
    preset.private_from_rank,
    preset.below_months,
    preset.private_below_months,
    preset.watch_months,
    preset.downgrade_code,
    measured.month_number
from measured
inner join {{ ref('int_month_presets_dated') }} as preset
    on measured.scheme_code = preset.scheme_code and measured.month_number = preset.month_number
inner join {{ ref('customers') }} as customer on measured.customer_id = customer.customer_id
inner join {{ ref('int_branch_bands_dated') }} as band
    on
        measured.scheme_code = band.band_set_code
        and measured.month_number = band.month_number
        and coalesce(customer.branch_id, 'unknown') = band.branch_id
        and {{ in_band('measured.metric_value', 'band') }}
