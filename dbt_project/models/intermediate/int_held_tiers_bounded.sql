select
    state.customer_id,
    state.scheme_code,
    band.band_code as tier_code,
    state.held_rank,
    state.state_code,
    state.below_count,
    state.since_month,
    band.lower_bound,
    band.upper_bound
from {{ ref('tier_states') }} as state
inner join {{ ref('int_branch_bands_dated') }} as band
    on
        state.month_number = band.month_number
        and state.branch_id = band.branch_id
        and state.scheme_code = band.band_set_code
        and state.held_rank = band.rank
where state.month_number = {{ business_month() }}
