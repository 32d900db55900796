-- U5: sole traders are persons of retail banking
select
    customer_id,
    coalesce(branch_id, 'unknown') as branch_id,
    coalesce(is_sole_trader, false) as is_sole_trader
from {{ ref('customers') }}
where customer_kind_code = 'person'
