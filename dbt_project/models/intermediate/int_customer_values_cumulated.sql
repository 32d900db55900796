-- V10: customers by what they bring, the largest first and those who cost last; equal amounts share a position, so the
-- customers of one amount count together
{%- set measures = {'revenue': 'revenue_12m_amount', 'contribution': 'current_value_12m_amount'} %}
with

scoped as (
    {%- for measure, amount in measures.items() %}
    {%- for scope, branch in [('bank', 'cast(null as text)'), ('branch', 'customer.branch_id')] %}
    select
        '{{ scope }}' as scope_code,
        {{ branch }} as branch_id,
        '{{ measure }}' as measure_code,
        value.{{ amount }} as measure_amount
    from {{ ref('int_customer_values_trailed') }} as value
    inner join {{ ref('customers') }} as customer on value.customer_id = customer.customer_id
    {%- if scope == 'branch' %}
    where customer.branch_id is not null
    {%- endif %}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

grouped as (
    select
        scope_code,
        branch_id,
        measure_code,
        measure_amount,
        count(*) as customer_count,
        cast(sum(measure_amount) as decimal(18, 2)) as total_amount
    from scoped
    group by scope_code, branch_id, measure_code, measure_amount
)

select
    scope_code,
    branch_id,
    measure_code,
    customer_count as held_count,
    total_amount as held_amount,
    sum(customer_count) over reached as position_count,
    cast(sum(total_amount) over reached as decimal(18, 2)) as reached_amount,
    sum(customer_count) over whole as customer_count,
    cast(sum(total_amount) over whole as decimal(18, 2)) as total_amount
from grouped
window
    whole as (partition by scope_code, branch_id, measure_code),
    reached as (
        partition by scope_code, branch_id, measure_code
        order by measure_amount desc nulls last
        rows between unbounded preceding and current row
    )
