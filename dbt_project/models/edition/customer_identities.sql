select
    cast(record.source_code as text) as source_code,
    cast(record.source_customer_id as text) as source_customer_id,
    cast(record.customer_id as text) as customer_id,
    cast(customer.branch_id as text) as branch_id,
    cast(record.rule_code as text) as rule_code,
    cast(record.linked_date as date) as since_date,
    {{ business_date() }} as business_date
from {{ ref('int_customer_records_linked') }} as record
inner join {{ ref('customers') }} as customer on record.customer_id = customer.customer_id
