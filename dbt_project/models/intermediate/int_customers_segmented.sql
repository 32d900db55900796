-- the segment of a customer, AUM level and age group, today and when the policy's window of taking up began; the
-- former is empty where the bank did not know him yet
{%- set eve = window_eve('cross_buy_take_up_months') %}
with

persons as (
    select
        customer.customer_id,
        coalesce(customer.branch_id, 'unknown') as branch_id,
        customer.customer_kind_code = 'person' as is_person,
        {{ whole_years('customer.birth_date', business_date()) }} as age_years,
        {{ whole_years('customer.birth_date', eve) }} as former_age_years,
        month.aum_month_average_amount as aum_amount,
        former.aum_month_average_amount as former_aum_amount
    from {{ ref('customers') }} as customer
    inner join {{ ref('customer_months') }} as month
        on customer.customer_id = month.customer_id and month.month_number = {{ business_month() }}
    left join {{ ref('customer_months') }} as former
        on customer.customer_id = former.customer_id and former.month_number = {{ month_number(eve) }}
),

ages as (
    select *
    from {{ ref('int_month_bands_bounded') }}
    where band_set_code = 'age_group' and month_number = {{ business_month() }}
)

select
    person.customer_id,
    level.band_code as aum_level_code,
    case when person.is_person then coalesce(age.band_code, 'unknown') else 'none' end as age_group_code,
    former_level.band_code as former_aum_level_code,
    case when person.is_person then coalesce(former_age.band_code, 'unknown') else 'none' end as former_age_group_code
from persons as person
{{ join_band('aum_level', 'person.aum_amount', 'level') }}
{{ join_band('aum_level', 'person.former_aum_amount', 'former_level', 'left') }}
    and person.former_aum_amount is not null
left join ages as age on {{ in_band('person.age_years', 'age') }} and person.age_years is not null
left join ages as former_age
    on {{ in_band('person.former_age_years', 'former_age') }} and person.former_age_years is not null
