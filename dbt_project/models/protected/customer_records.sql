-- as last delivered; each value with the date of receipt since which the source has said so
{%- set attributes = customer_attributes() %}
with

versions as (
    select
        version.*,
        row_number() over (
            partition by source_code, source_customer_id
            order by received_date desc nulls last, line_number desc nulls last
        ) as version_rank
        {%- for attribute in attributes %},
        lag(cast({{ attribute }} as varchar)) over record as former_{{ attribute }}
        {%- endfor %}
    from {{ ref('int_customer_versions_unioned') }} as version
    window
        record as (
            partition by source_code, source_customer_id
            order by received_date nulls last, line_number nulls last
        )
),

records as (
    select
        source_code,
        source_customer_id,
        min(received_date) as first_received_date
        {%- for attribute, type in attributes.items() %},
        cast(
            max(case when version_rank = 1 then cast({{ attribute }} as varchar) end) as {{ type }}
        ) as {{ attribute }},
        coalesce(
            max(
                case
                    when cast({{ attribute }} as varchar) <> coalesce(former_{{ attribute }}, '') then received_date
                end
            ),
            min(received_date)
        ) as {{ attribute }}_as_of_date
        {%- endfor %}
    from versions
    group by source_code, source_customer_id
),

links as (
    select
        link.*,
        row_number() over (
            partition by source_code, source_customer_id
            order by changed_date desc nulls last
        ) as link_rank
    from {{ ref('stg_identity__links') }} as link
    where link.changed_date <= {{ business_date() }}
)

select
    link.customer_id,
    link.rule_code,
    link.changed_date as linked_date,
    record.*
from records as record
inner join links as link
    on
        record.source_code = link.source_code
        and record.source_customer_id = link.source_customer_id
        and link.link_rank = 1
