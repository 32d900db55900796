-- T12: the rank a month's metric reaches. AUM as it is known now, so that late data of a closed month counts; what
-- other schemes measure is kept as it was known at the month's end
with

ladders as (
    select
        month_number,
        band_set_code,
        max(rank) as top_rank
    from {{ ref('int_month_bands_bounded') }}
    group by month_number, band_set_code
),

ranked as (
    select
        month.customer_id,
        band.band_set_code as scheme_code,
        band.rank as metric_rank,
        month.month_number
    from {{ ref('customer_months') }} as month
    inner join {{ ref('int_month_bands_bounded') }} as band
        on
            month.month_number = band.month_number
            and band.band_set_code = 'aum_level'
            and {{ in_band('month.aum_month_average_amount', 'band') }}

    union all

    select
        customer_id,
        scheme_code,
        tier_rank as metric_rank,
        month_number
    from {{ ref('scheme_months') }}
    where scheme_code <> 'aum_level'
)

select
    ranked.customer_id,
    ranked.scheme_code,
    ranked.metric_rank,
    ladder.top_rank,
    preset.is_closed,
    preset.upgrade_code,
    preset.private_from_rank,
    preset.below_months,
    preset.private_below_months,
    preset.watch_months,
    preset.downgrade_code,
    ranked.month_number
from ranked
inner join {{ ref('int_month_presets_dated') }} as preset
    on ranked.scheme_code = preset.scheme_code and ranked.month_number = preset.month_number
inner join ladders as ladder
    on ranked.scheme_code = ladder.band_set_code and ranked.month_number = ladder.month_number
