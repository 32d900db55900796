-- T7: a gift at every anniversary of the steps of policy (the largest that divides it) whose day lies in the business
-- month. Which one is drawn by a keyed hash of customer and anniversary: nobody chooses, and every rebuild draws alike
with

related as (
    select
        person.customer_id,
        person.branch_id,
        {{ whole_years('holding.first_opened_date', business_date()) }} as tenure_years,
        {{ whole_years(
            'holding.first_opened_date', add_days(month_first_day(business_month()), '-1')
        ) }} as former_years
    from {{ ref('int_persons_scoped') }} as person
    inner join {{ ref('customer_holdings') }} as holding on person.customer_id = holding.customer_id
    where holding.account_count > 0
),

anniversaries as (
    select
        person.customer_id,
        person.branch_id,
        person.tenure_years,
        max(step.lower_bound) as step_years
    from related as person
    inner join {{ ref('int_branch_bands_scoped') }} as step
        on
            person.branch_id = step.branch_id
            and step.band_set_code = 'gift_years'
            and person.tenure_years % step.lower_bound = 0
    where person.tenure_years > person.former_years and person.tenure_years > 0
    group by person.customer_id, person.branch_id, person.tenure_years
),

drawn as (
    select
        anniversary.customer_id,
        anniversary.tenure_years,
        anniversary.step_years,
        step.upper_bound as next_step_years,
        gift.gift_code,
        row_number() over (
            partition by anniversary.customer_id
            order by
                md5(concat_ws(
                    '|',
                    {{ policy_code('gift_draw_key') }},
                    anniversary.customer_id,
                    cast(anniversary.tenure_years as varchar),
                    gift.gift_code
                )) nulls last
        ) as place
    from anniversaries as anniversary
    inner join {{ ref('int_branch_bands_scoped') }} as step
        on
            anniversary.branch_id = step.branch_id
            and step.band_set_code = 'gift_years'
            and anniversary.step_years = step.lower_bound
    left join {{ source('policy', 'gifts') }} as gift
        on step.band_code = gift.band_code and {{ in_force('gift') }}
)

select
    customer_id,
    tenure_years,
    step_years,
    next_step_years,
    gift_code
from drawn
where place = 1
