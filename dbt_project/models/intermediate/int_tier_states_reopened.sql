-- whose tiers are followed anew from their first month: what closed months hold has changed, or the branch whose bands
-- count for them
{% if var('since') %}
select
    customer_id,
    from_month
from {{ ref('int_customers_reopened') }}
union
select
    state.customer_id,
    0 as from_month
from {{ standing('tier_states') }} as state
inner join {{ ref('customers') }} as customer on state.customer_id = customer.customer_id
where
    state.month_number = {{ business_month() }} - 1
    and state.branch_id <> coalesce(customer.branch_id, 'unknown')
{% else %}
select
    cast(null as text) as customer_id,
    cast(null as integer) as from_month
where false
{% endif %}
