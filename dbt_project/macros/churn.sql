{#- C1: the one definition of each way of leaving, used by labels, candidates and features alike. -#}

{#- Days without a transaction of the customer's own; who never had one counts from his first account on. -#}
{% macro days_inactive(last_active_date, first_opened_date, day) -%}
    {{ days_between('coalesce(' ~ last_active_date ~ ', ' ~ first_opened_date ~ ')', day) }}
{%- endmacro %}

{#- Dormancy: nothing done by the customer himself for the policy's days. -#}
{% macro is_dormant(days_inactive) -%}
    {{ days_inactive }} >= {{ policy_count('churn_dormant_days') }}
{%- endmacro %}

{#- Attrition: a month's average fell by the policy's share of the trailing average, and at least that much was
    carried out. Market moves, own transfers within the bank and what is rolled over are no outflow. -#}
{% macro is_attrition(lowest_average, net_outflow, trailing) -%}
    {{ lowest_average }} <= {{ trailing }} * (1 - {{ policy_value('churn_outflow_share') }})
    and {{ net_outflow }} >= {{ trailing }} * {{ policy_value('churn_outflow_share') }}
{%- endmacro %}

{#- What was lost by leaving: what the assets fell by, as far as it was carried out. -#}
{% macro lost_amount(last_amount, net_outflow, trailing) -%}
    greatest(least({{ trailing }} - {{ last_amount }}, {{ net_outflow }}), 0)
{%- endmacro %}

{#- A part of a whole, between -1 and 1: what is more than the whole counts as the whole. Null where there is none. -#}
{% macro part_of(amount, whole) -%}
    cast(case when {{ whole }} > 0 then {{ amount }} / greatest({{ whole }}, abs({{ amount }})) end as decimal(18, 8))
{%- endmacro %}

{#- How far a mean has moved, between -1 (nothing left) and 1 (there was nothing before): the difference as a part of
    the greater one. Null where there was none at either time. -#}
{% macro change_of(recent, former) -%}
    cast(({{ recent }} - {{ former }}) / nullif(greatest({{ recent }}, {{ former }}), 0) as decimal(18, 8))
{%- endmacro %}

{#- The mean of a sum over so many months; null where there are none. -#}
{% macro mean_of(total, count) -%}
    cast(cast({{ total }} as decimal(18, 2)) / nullif({{ count }}, 0) as decimal(18, 4))
{%- endmacro %}

{#- The tenth, 1 the highest, of who ranks so among so many from the lowest on; who shares a rank shares the tenth down
    to which all of them reach. -#}
{% macro tenth_of(rank, total) -%}
    cast(floor(cast(({{ total }} - {{ rank }}) * 10 as decimal(18, 0)) / {{ total }}) + 1 as integer)
{%- endmacro %}

{#- Whether the business date ends its month. -#}
{% macro is_month_end() -%}
    {{ last_full_month() }} = {{ business_month() }}
{%- endmacro %}
