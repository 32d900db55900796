-- U3: the most trusted source that knows an attribute; between equals the policy's rule, then who came first
{%- set attributes = customer_attributes() %}
with

-- an attribute's own row counts before the source's general one
trusted as (
    select
        source_code
        {%- for attribute in attributes %}
        {%- for column in ['priority', 'rule_code'] %},
        coalesce(
            max(case when attribute_code = '{{ attribute }}' then {{ column }} end),
            max(case when attribute_code = '*' then {{ column }} end)
        ) as {{ attribute }}_{{ column }}
        {%- endfor %}
        {%- endfor %}
    from {{ source('policy', 'survivorship') }} as survivorship
    where {{ in_force('survivorship') }}
    group by source_code
),

records as (
    select
        record.*,
        row_number() over (
            partition by customer_id
            order by first_received_date nulls last, source_code nulls last, source_customer_id nulls last
        ) as seniority
    from {{ ref('customer_records') }} as record
),

claims as (
    select
        record.*
        {%- for attribute in attributes %},
        coalesce(trusted.{{ attribute }}_rule_code, 'priority') as {{ attribute }}_rule_code,
        case when record.{{ attribute }} is not null then {{ doubt(attribute) }} end as {{ attribute }}_doubt
        {%- endfor %}
    from records as record
    left join trusted on record.source_code = trusted.source_code
),

judged as (
    select
        claim.*
        {%- for attribute in attributes %},
        min({{ attribute }}_doubt) over customer as {{ attribute }}_least_doubt
        {%- endfor %}
    from claims as claim
    window customer as (partition by customer_id)
)

{% for attribute in attributes %}
select
    customer_id,
    '{{ attribute }}' as attribute_code,
    cast({{ attribute }} as varchar) as attribute_value,
    source_code,
    source_customer_id,
    {{ attribute }}_rule_code as rule_code,
    {{ attribute }}_as_of_date as as_of_date
from judged
where {{ attribute }}_doubt = {{ attribute }}_least_doubt
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
