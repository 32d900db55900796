-- T1: the named groups of persons with promise, each only with good credit (policy: potential_groups)
with

persons as (
    select
        person.customer_id,
        person.is_sole_trader,
        customer.occupation_code,
        customer.position_code,
        customer.annual_income_amount,
        value.elsewhere_amount,
        activity.transaction_count_12m,
        {{ whole_months('holding.first_opened_date', business_date()) }} as tenure_months,
        income.raw_value as income_growth
    from {{ ref('int_persons_scoped') }} as person
    inner join {{ ref('customers') }} as customer on person.customer_id = customer.customer_id
    inner join {{ ref('credit_standings') }} as credit
        on person.customer_id = credit.customer_id and credit.is_good_credit
    left join {{ ref('customer_trailing_values') }} as value on person.customer_id = value.customer_id
    left join {{ ref('customer_activity_months') }} as activity
        on person.customer_id = activity.customer_id and activity.month_number = {{ business_month() }}
    left join {{ ref('customer_holdings') }} as holding on person.customer_id = holding.customer_id
    left join {{ ref('stability_parts') }} as income
        on
            person.customer_id = income.customer_id
            and income.score_code = 'stability'
            and income.part_code = 'income_growth'
),

named as (
    select distinct
        person.customer_id,
        member.group_code,
        person.annual_income_amount
    from persons as person
    inner join {{ source('policy', 'potential_groups') }} as member
        on
            member.code = case member.attribute_code
                when 'occupation' then person.occupation_code
                when 'position' then person.position_code
            end
            and {{ in_force('member') }}
)

select
    customer_id,
    group_code,
    case group_code when 'well_paid' then {{ policy_code('group_income_amount') }} end as bound_text
from named
where group_code <> 'well_paid' or annual_income_amount >= {{ policy_value('group_income_amount') }}
union all
select
    customer_id,
    'deposits_elsewhere' as group_code,
    {{ policy_code('group_elsewhere_amount') }} as bound_text
from persons
where elsewhere_amount >= {{ policy_value('group_elsewhere_amount') }}
union all
select
    customer_id,
    'long_frequent' as group_code,
    concat_ws(' ', {{ policy_code('group_tenure_months') }}, {{ policy_code('group_transaction_count') }}) as bound_text
from persons
where
    tenure_months >= {{ policy_count('group_tenure_months') }}
    and transaction_count_12m >= {{ policy_count('group_transaction_count') }}
union all
select
    customer_id,
    'rising_sole_trader' as group_code,
    {{ policy_code('group_income_growth_share') }} as bound_text
from persons
where is_sole_trader and income_growth >= {{ policy_value('group_income_growth_share') }}
