select
    cast(link.source_code as text) as source_code,
    cast(link.source_customer_id as text) as source_customer_id,
    cast(link.changed_date as date) as changed_date,
    cast(link.former_customer_id as text) as former_customer_id,
    cast(link.customer_id as text) as customer_id,
    cast(record.branch_id as text) as branch_id,
    cast(link.change_code as text) as change_code,
    cast(link.rule_code as text) as rule_code,
    cast(link.cause_code as text) as cause_code,
    cast(link.linked_source_code as text) as linked_source_code,
    cast(link.linked_source_customer_id as text) as linked_source_customer_id,
    cast(link.link_weight as decimal(18, 4)) as link_weight,
    {{ business_date() }} as business_date
from {{ ref('stg_identity__links') }} as link
inner join {{ ref('int_customer_records_linked') }} as record
    on link.source_code = record.source_code and link.source_customer_id = record.source_customer_id
where link.former_customer_id is not null
