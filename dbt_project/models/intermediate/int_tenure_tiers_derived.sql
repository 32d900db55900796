-- T7: service rises with tenure; who is new enjoys the highest level for a trial. A gift at every anniversary of the
-- steps of policy (the largest that divides it) whose day lies in the business month
with

related as (
    select
        person.customer_id,
        person.branch_id,
        coalesce(holding.account_count, 0) as account_count,
        coalesce({{ whole_months('holding.first_opened_date', business_date()) }}, 0) as tenure_months,
        coalesce({{ whole_years('holding.first_opened_date', business_date()) }}, 0) as tenure_years,
        {{ whole_years('holding.first_opened_date', business_date()) }} > {{ whole_years(
            'holding.first_opened_date', add_days(month_first_day(business_month()), '-1')
        ) }} as is_anniversary
    from {{ ref('int_persons_scoped') }} as person
    left join {{ ref('customer_holdings') }} as holding on person.customer_id = holding.customer_id
),

gifts as (
    select
        person.customer_id,
        max(gift.lower_bound) as gift_years
    from related as person
    inner join {{ ref('int_branch_bands_scoped') }} as gift
        on
            person.branch_id = gift.branch_id
            and gift.band_set_code = 'gift_years'
            and person.tenure_years % gift.lower_bound = 0
    where person.is_anniversary and person.tenure_years > 0 and person.account_count > 0
    group by person.customer_id
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
            when gift.gift_years is not null then 'tenure.anniversary'
            else 'tenure'
        end as rule_code,
        cast(person.tenure_years as varchar) || ' / ' || cast(cast(gift.gift_years as integer) as varchar)
        || coalesce(' / ' || cast(cast(step.upper_bound as integer) as varchar), '') as gift_text
    from related as person
    {{ join_band('tenure', 'person.tenure_months') }}
    left join gifts as gift on person.customer_id = gift.customer_id
    left join {{ ref('int_branch_bands_scoped') }} as step
        on
            person.branch_id = step.branch_id
            and step.band_set_code = 'gift_years'
            and gift.gift_years = step.lower_bound
)

select
    customer_id,
    'tenure' as scheme_code,
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
