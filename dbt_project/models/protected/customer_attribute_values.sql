-- U3: the most trusted source that knows an attribute; between equals the policy's rule, then who came first
{%- for attribute in customer_attributes() %}
select
    customer_id,
    '{{ attribute }}' as attribute_code,
    attribute_value,
    source_code,
    source_customer_id,
    rule_code,
    as_of_date
from (
    select
        record.customer_id,
        record.source_code,
        record.source_customer_id,
        cast(record.{{ attribute }} as varchar) as attribute_value,
        record.{{ attribute }}_as_of_date as as_of_date,
        coalesce(own.rule_code, general.rule_code, 'priority') as rule_code,
        row_number() over (
            partition by record.customer_id
            order by
                coalesce(own.priority, general.priority) nulls last,
                case coalesce(own.rule_code, general.rule_code) when 'newest' then record.{{ attribute }}_as_of_date end
                desc nulls last,
                record.first_received_date nulls last,
                record.source_code nulls last,
                record.source_customer_id nulls last
        ) as value_rank
    from {{ ref('customer_records') }} as record
    left join {{ source('policy', 'survivorship') }} as own
        on
            record.source_code = own.source_code
            and own.attribute_code = '{{ attribute }}'
            and {{ in_force('own') }}
    left join {{ source('policy', 'survivorship') }} as general
        on
            record.source_code = general.source_code
            and general.attribute_code = '*'
            and {{ in_force('general') }}
    where record.{{ attribute }} is not null
) as known
where value_rank = 1
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
