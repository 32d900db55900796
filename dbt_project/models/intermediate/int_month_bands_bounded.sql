select
    month.month_number,
    band.band_set_code,
    band.band_code,
    band.rank,
    band.lower_bound,
    band.lower_inclusive,
    lead(band.lower_bound) over (
        partition by month.month_number, band.band_set_code
        order by band.rank nulls last
    ) as upper_bound,
    not lead(band.lower_inclusive) over (
        partition by month.month_number, band.band_set_code
        order by band.rank nulls last
    ) as upper_inclusive
from {{ ref('months') }} as month
inner join {{ source('policy', 'bands') }} as band on {{ in_force('band', 'month.last_date') }}
where band.region_name is null and band.branch_id is null
