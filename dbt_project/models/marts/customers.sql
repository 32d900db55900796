-- U1: one record per customer; each attribute comes from the most trusted system that knows it
{%- set attributes = ['customer_kind_code', 'branch_id', 'region_name', 'birth_date', 'sex_code', 'occupation_code'] %}
with

ranked as (
    select
        customer_id,
        first_received_date,
        {%- for attribute in attributes %}
        first_value({{ attribute }}) over (
            partition by customer_id
            order by
                case when {{ attribute }} is null then 1 else 0 end nulls last,
                priority nulls last,
                first_received_date nulls last,
                source_code nulls last,
                source_customer_id nulls last
        ) as {{ attribute }},
        {%- endfor %}
        source_code
    from {{ ref('int_customer_records_linked') }}
)

select
    customer_id,
    {%- for attribute in attributes %}
    {{ attribute }},
    {%- endfor %}
    min(first_received_date) as first_received_date,
    cast(count(distinct source_code) as integer) as source_count
from ranked
group by
    customer_id,
    {{ attributes | join(',
    ') }}
