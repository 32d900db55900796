-- T12: the rank a month's metric reaches. AUM as it is known now, so that late data of a closed month counts; what
-- other schemes measure is kept as it was known at the month's end. One join after the other, each scheme by itself:
-- joined as a union nobody knows how many rows there are
{%- set measures = [
    ('customer_months', 'aum_month_average_amount', 'band.rank', "preset.scheme_code = 'aum_level'"),
    (
        'scheme_months', 'metric_value', 'coalesce(month.tier_rank, band.rank)',
        "preset.scheme_code <> 'aum_level' and month.scheme_code = preset.scheme_code"
    ),
] %}
{%- for mart, metric, rank, scheme in measures %}
select
    month.customer_id,
    coalesce(customer.branch_id, 'unknown') as branch_id,
    preset.scheme_code,
    cast({{ rank }} as integer) as metric_rank,
    band.top_rank,
    preset.is_closed,
    preset.upgrade_code,
    preset.private_from_rank,
    preset.below_months,
    preset.private_below_months,
    preset.watch_months,
    preset.downgrade_code,
    month.month_number
from {{ ref(mart) }} as month
inner join {{ ref('int_month_presets_dated') }} as preset
    on month.month_number = preset.month_number and {{ scheme }}
-- outer, so that the branch is known before its bands are: guesses of ranges cost minutes
left join {{ ref('customers') }} as customer on month.customer_id = customer.customer_id
inner join {{ ref('int_branch_bands_dated') }} as band
    on
        preset.scheme_code = band.band_set_code
        and month.month_number = band.month_number
        and coalesce(customer.branch_id, 'unknown') = band.branch_id
        and {{ in_band('month.' ~ metric, 'band') }}
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
