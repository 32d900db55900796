-- T3: a bank's entry to a level may differ by region or branch
select
    person.customer_id,
    'aum_level' as scheme_code,
    'aum_month_average' as measure_code,
    band.band_code as tier_code,
    cast(activity.aum_month_average_amount as decimal(18, 4)) as metric_value,
    cast(band.lower_bound as decimal(18, 4)) as threshold_value,
    cast(band.upper_bound as decimal(18, 4)) as next_threshold_value,
    case when band.lower_bound is null then 'aum_level.lowest' else 'aum_level' end as rule_code,
    cast(null as varchar) as reason_detail
from {{ ref('int_persons_scoped') }} as person
inner join {{ ref('customer_activity_months') }} as activity
    on person.customer_id = activity.customer_id and activity.month_number = {{ business_month() }}
{{ join_band('aum_level', 'activity.aum_month_average_amount') }}
