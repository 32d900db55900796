select
    use_no as use_id,
    client_no as source_customer_id,
    lower(privilege) as privilege_code,
    {{ safe_date('used_date') }} as used_date,
    {{ safe_integer('quantity') }} as quantity,
    {{ safe_decimal('unit_cost') }} as unit_cost_amount,
    _received_date,
    _line_number
from {{ landed('crm', 'privileges_used') }} as received
