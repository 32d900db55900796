-- T3: the bands that hold for a branch on the business date: its own, else its region's, else those of everywhere.
-- Customers without a branch have the one called unknown
with

named as (
    select distinct coalesce(branch_id, 'unknown') as branch_id
    from {{ ref('customers') }}
),

records as (
    select
        branch_id,
        region_name,
        row_number() over (partition by branch_id order by source_code nulls last) as source_rank
    from {{ ref('int_branches_unioned') }}
),

branches as (
    select
        named.branch_id,
        record.region_name
    from named
    left join records as record on named.branch_id = record.branch_id and record.source_rank = 1
),

fitting as (
    select
        branch.branch_id,
        band.band_set_code,
        band.band_code,
        band.rank,
        band.lower_bound,
        band.lower_inclusive,
        rank() over (
            partition by branch.branch_id, band.band_set_code
            order by band.branch_id nulls last, band.region_name nulls last
        ) as scope_rank
    from branches as branch
    inner join {{ source('policy', 'bands') }} as band
        on
            coalesce(band.branch_id, branch.branch_id) = branch.branch_id
            and (band.region_name is null or band.region_name = branch.region_name)
    where {{ in_force('band') }}
)

select
    branch_id,
    band_set_code,
    band_code,
    rank,
    lower_bound,
    lower_inclusive,
    lead(lower_bound) over of_set as upper_bound,
    not lead(lower_inclusive) over of_set as upper_inclusive
from fitting
where scope_rank = 1
window of_set as (partition by branch_id, band_set_code order by rank nulls last)
