-- T3, T12: the bands of the schemes by branch and month, as far back as tonight looks: a branch's own, else its
-- region's, else those of everywhere (int_branch_bands_scoped gives all sets as of the business date)
with

customer_branches as (
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
        customer.branch_id,
        record.region_name
    from customer_branches as customer
    left join records as record on customer.branch_id = record.branch_id and record.source_rank = 1
),

fitting as (
    select
        branch.branch_id,
        month.month_number,
        band.band_set_code,
        band.band_code,
        band.rank,
        band.lower_bound,
        band.lower_inclusive,
        rank() over (
            partition by branch.branch_id, month.month_number, band.band_set_code
            order by band.branch_id nulls last, band.region_name nulls last
        ) as scope_rank
    from {{ ref('months') }} as month
    inner join {{ source('policy', 'bands') }} as band on {{ in_force('band', 'month.last_date') }}
    inner join branches as branch
        on
            coalesce(band.branch_id, branch.branch_id) = branch.branch_id
            and (band.region_name is null or band.region_name = branch.region_name)
    where
        band.band_set_code in (select scheme.scheme_code from {{ source('policy', 'tier_schemes') }} as scheme)
        and month.month_number >= {{ first_built('int_tier_states_reopened') }} - 1
)

select
    branch_id,
    month_number,
    band_set_code,
    band_code,
    rank,
    max(rank) over (partition by branch_id, month_number, band_set_code) as top_rank,
    lower_bound,
    lower_inclusive,
    lead(lower_bound) over of_set as upper_bound,
    not lead(lower_inclusive) over of_set as upper_inclusive
from fitting
where scope_rank = 1
window of_set as (partition by branch_id, month_number, band_set_code order by rank nulls last)
