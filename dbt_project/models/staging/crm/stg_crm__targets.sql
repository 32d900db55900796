select
    {{ safe_integer('target_year') }} as target_year,
    branch_no as branch_id,
    manager_no as manager_id,
    lower(metric) as metric_code,
    {{ safe_decimal('amount') }} as target_amount,
    _received_date,
    _line_number
from {{ landed('crm', 'targets') }} as received
