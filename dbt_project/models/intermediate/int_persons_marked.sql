-- T1: the negative rule that is named when several hit (debt before idleness), and the named groups of promise
{%- set groups = [
    'senior_civil_servant', 'deposits_elsewhere', 'long_frequent', 'rising_sole_trader', 'well_paid'
] %}
with

rules as (
    select
        customer_id,
        rule_code,
        row_number() over (
            partition by customer_id
            order by
                case rule_code when 'four_classes.malicious' then 0 else 1 end asc nulls last,
                case rule_code when 'four_classes.bad_credit' then 0 else 1 end asc nulls last,
                rule_code desc nulls last
        ) as rule_rank
    from {{ ref('negative_hits') }}
),

first_rules as (
    select
        customer_id,
        rule_code
    from rules
    where rule_rank = 1
),

named as (
    select
        customer_id,
        concat_ws(
            ', '
            {%- for group in groups %},
            max(case when group_code = '{{ group }}' then concat_ws(' ', group_code, bound_text) end)
            {%- endfor %}
        ) as group_text
    from {{ ref('potential_group_members') }}
    group by customer_id
)

select
    coalesce(rule.customer_id, named.customer_id) as customer_id,
    rule.rule_code,
    named.group_text
from first_rules as rule
full join named on rule.customer_id = named.customer_id
