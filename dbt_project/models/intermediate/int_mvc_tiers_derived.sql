-- T6: below zero before most valuable before most growable; positions by value and by potential among persons
with

judged as (
    select
        person.*,
        worth.lower_bound as value_bound,
        worth.upper_bound as next_value_bound,
        case
            when person.current_value_amount < {{ policy_value('bz_value_amount') }} then 'bz'
            when worth.band_code = 'high' then 'mvc'
            when growth.band_code = 'high' then 'mgc'
            else 'other'
        end as tier_code
    from {{ ref('int_persons_ranked') }} as person
    {{ join_band('mvc_value', 'person.current_value_position', 'worth') }}
    {{ join_band('mvc_growth', 'person.potential_value_position', 'growth') }}
)

select
    customer_id,
    'mvc' as scheme_code,
    case tier_code when 'bz' then 'current_value' else 'current_value_position' end as measure_code,
    tier_code,
    cast(
        case tier_code when 'bz' then current_value_amount else current_value_position end
        as decimal(18, 4)
    ) as metric_value,
    cast(case when tier_code <> 'bz' then value_bound end as decimal(18, 4)) as threshold_value,
    cast(
        case tier_code when 'bz' then {{ policy_value('bz_value_amount') }} else next_value_bound end
        as decimal(18, 4)
    ) as next_threshold_value,
    'mvc.' || tier_code as rule_code,
    cast(current_value_amount as varchar)
    || ' / ' || {{ score_text('potential_value_position') }}
    || ' / ' || cast(potential_value_amount as varchar)
    || ' / ' || retention_method_code as reason_detail
from judged
