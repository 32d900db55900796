-- T7: service rises with tenure; who is new enjoys the highest level for a trial. The anniversary of a gift is told
with

related as (
    select
        person.customer_id,
        person.branch_id,
        coalesce(holding.account_count, 0) as account_count,
        coalesce({{ whole_months('holding.first_opened_date', business_date()) }}, 0) as tenure_months
    from {{ ref('int_persons_scoped') }} as person
    left join {{ ref('customer_holdings') }} as holding on person.customer_id = holding.customer_id
),

judged as (
    select
        person.*,
        band.band_code,
        band.lower_bound,
        band.upper_bound,
        case
            when person.account_count = 0 then 'tenure.none'
            when person.tenure_months < {{ policy_count('tenure_trial_months') }} then 'tenure.trial'
            when gift.customer_id is not null then 'tenure.anniversary'
            else 'tenure'
        end as rule_code,
        cast(gift.tenure_years as varchar) || ' / ' || cast(cast(gift.step_years as integer) as varchar)
        || coalesce(' / ' || cast(cast(gift.next_step_years as integer) as varchar), '') as gift_text
    from related as person
    {{ join_band('tenure', 'person.tenure_months') }}
    left join {{ ref('int_gifts_allotted') }} as gift on person.customer_id = gift.customer_id
)

select
    customer_id,
    'tenure' as scheme_code,
    'tenure_months' as measure_code,
    case rule_code when 'tenure.none' then 'none' when 'tenure.trial' then 'trial' else band_code end as tier_code,
    cast(tenure_months as decimal(18, 4)) as metric_value,
    cast(
        case rule_code when 'tenure.none' then null when 'tenure.trial' then 0 else lower_bound end
        as decimal(18, 4)
    ) as threshold_value,
    cast(
        case when rule_code not in ('tenure.none', 'tenure.trial') then upper_bound end
        as decimal(18, 4)
    ) as next_threshold_value,
    rule_code,
    case rule_code when 'tenure.trial' then {{ policy_code('tenure_trial_months') }} else gift_text end as reason_detail
from judged
