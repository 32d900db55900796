-- every scheme in one shape: V9 rfm, T2 abc, T3 aum_level. Since = the first day of the month from which the
-- customer has been in the tier without a break
with

rfm as (
    select
        score.customer_id,
        score.month_number,
        'rfm' as scheme_code,
        band.band_code as tier_code,
        band.rank as tier_rank,
        score.rfm_score as metric_value,
        band.lower_bound as threshold_value,
        'R' || score.recency_score || ' F' || score.frequency_score || ' M' || score.monetary_score
            as reason_detail
    from {{ ref('rfm_months') }} as score
    inner join {{ ref('int_month_bands_bounded') }} as band
        on
            score.month_number = band.month_number
            and band.band_set_code = 'rfm'
            and {{ in_band('score.rfm_score', 'band') }}
    where score.month_number = {{ business_month() }}
),

abc as (
    select
        position.customer_id,
        position.month_number,
        'abc' as scheme_code,
        share.band_code as tier_code,
        share.rank as tier_rank,
        position.transaction_amount as metric_value,
        share.cumulative_share as threshold_value,
        cast(cast(position.cumulative_share as decimal(18, 4)) as varchar) as reason_detail
    from {{ ref('abc_months') }} as position
    inner join {{ ref('int_month_shares_cumulated') }} as share
        on
            position.month_number = share.month_number
            and share.share_set_code = 'abc'
            and position.rank = share.rank
    where position.month_number = {{ business_month() }}
),

aum_level as (
    select
        person.customer_id,
        person.month_number,
        'aum_level' as scheme_code,
        band.band_code as tier_code,
        band.rank as tier_rank,
        person.aum_month_average_amount as metric_value,
        band.lower_bound as threshold_value,
        cast(null as varchar) as reason_detail
    from {{ ref('customer_activity_months') }} as person
    inner join {{ ref('int_month_bands_bounded') }} as band
        on
            person.month_number = band.month_number
            and band.band_set_code = 'aum_level'
            and {{ in_band('person.aum_month_average_amount', 'band') }}
    where person.month_number = {{ business_month() }} and person.customer_kind_code = 'person'
),

schemes as (
    select * from rfm
    union all
    select * from abc
    union all
    select * from aum_level
)

select
    scheme.customer_id,
    scheme.scheme_code,
    scheme.tier_code,
    scheme.tier_rank,
    coalesce({{ 'former.since_date' if var('since') else 'null' }}, month.first_date) as since_date,
    cast(scheme.metric_value as decimal(18, 4)) as metric_value,
    cast(scheme.threshold_value as decimal(18, 4)) as threshold_value,
    scheme.reason_detail,
    scheme.month_number
from schemes as scheme
inner join {{ ref('months') }} as month on scheme.month_number = month.month_number
{%- if var('since') %}
left join {{ this }} as former
    on
        scheme.customer_id = former.customer_id
        and scheme.scheme_code = former.scheme_code
        and scheme.tier_code = former.tier_code
        and former.month_number = {{ business_month() }} - 1
{%- endif %}
