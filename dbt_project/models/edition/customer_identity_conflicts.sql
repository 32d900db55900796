-- U1: a link says one customer, two valid identity numbers say two; the last word on each pair, where it is open
with

told as (
    select
        *,
        row_number() over (
            partition by source_code, source_customer_id, linked_source_code, linked_source_customer_id
            order by changed_date desc nulls last
        ) as word_rank
    from {{ ref('stg_identity__conflicts') }}
)

select
    cast(told.source_code as text) as source_code,
    cast(told.source_customer_id as text) as source_customer_id,
    cast(told.linked_source_code as text) as linked_source_code,
    cast(told.linked_source_customer_id as text) as linked_source_customer_id,
    cast(record.customer_id as text) as customer_id,
    cast(linked.customer_id as text) as linked_customer_id,
    cast(record.branch_id as text) as branch_id,
    cast(told.rule_code as text) as rule_code,
    cast(told.link_weight as decimal(18, 4)) as link_weight,
    cast(told.changed_date as date) as since_date,
    {{ business_date() }} as business_date
from told
inner join {{ ref('int_customer_records_linked') }} as record
    on told.source_code = record.source_code and told.source_customer_id = record.source_customer_id
inner join {{ ref('int_customer_records_linked') }} as linked
    on
        told.linked_source_code = linked.source_code
        and told.linked_source_customer_id = linked.source_customer_id
where told.word_rank = 1 and told.is_open
