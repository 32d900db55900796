-- T3: a bank's entry to a level may differ by region or branch
select
    person.customer_id,
    'aum_level' as scheme_code,
    band.band_code as tier_code,
    band.rank as tier_rank,
    activity.aum_month_average_amount as metric_value,
    band.lower_bound as threshold_value,
    band.upper_bound as next_threshold_value,
    case when band.lower_bound is null then 'aum_level.lowest' else 'aum_level' end as rule_code,
    cast(null as varchar) as reason_detail
from {{ ref('int_persons_scoped') }} as person
inner join {{ ref('customer_activity_months') }} as activity
    on person.customer_id = activity.customer_id and activity.month_number = {{ business_month() }}
inner join {{ ref('int_branch_bands_scoped') }} as band
    on
        person.branch_id = band.branch_id
        and band.band_set_code = 'aum_level'
        and {{ in_band('activity.aum_month_average_amount', 'band') }}
