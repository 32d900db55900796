-- U6: a couple is proven by the pair of its numbers, in whichever direction it is told; a company by its own number
with

relations as (
    select
        source_customer_id,
        related_source_customer_id,
        relation_code,
        _received_date as received_date,
        _line_number as line_number,
        from_date,
        until_date,
        case relation_code
            when 'spouse'
                then
                    least(source_customer_id, related_source_customer_id)
                    || '+'
                    || greatest(source_customer_id, related_source_customer_id)
            else source_customer_id
        end as source_group_id
    from {{ ref('stg_core__customer_relations') }}
)

select
    source_group_id,
    relation_code as group_kind_code,
    source_customer_id,
    received_date,
    line_number,
    case relation_code when 'spouse' then 'spouse' else 'company' end as role_code,
    from_date,
    until_date
from relations
union all
select
    source_group_id,
    relation_code as group_kind_code,
    related_source_customer_id as source_customer_id,
    received_date,
    line_number,
    relation_code as role_code,
    from_date,
    until_date
from relations
