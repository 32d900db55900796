{#- Prices and costs hold from their day on, but never before the bank was told: closed months keep what they were
    reckoned by. What the first delivery tells reaches back. -#}
{% macro told_from(from_date) -%}
    case
        when received_date = min(received_date) over () then {{ from_date }}
        else greatest({{ from_date }}, received_date)
    end
{%- endmacro %}

{#- The spells of a relation of dated values: each holds until the day before the next; of one day the last told. What
    the first delivery tells reaches back without end; a key told of later begins then, also where a closed month is
    reckoned anew. -#}
{% macro spells_of(relation, key, values) -%}
select
    {{ key | join(',\n    ') }},
    {{ values | join(',\n    ') }},
    case when former_date is null and received_date = first_received_date then cast('0001-01-01' as date) else from_date end
        as from_date,
    coalesce({{ add_days('followed_date', -1) }}, cast('9999-12-31' as date)) as until_date
from (
    select
        {{ relation }}.*,
        min(received_date) over () as first_received_date,
        lag(from_date) over of_key as former_date,
        lead(from_date) over of_key as followed_date
    from {{ relation }}
    window of_key as (
        partition by {{ key | join(', ') }}
        order by from_date nulls last, received_date nulls last, line_number nulls last
    )
) as dated
where followed_date is null or from_date < followed_date
{%- endmacro %}
