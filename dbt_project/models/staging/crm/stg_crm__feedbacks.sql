select
    feedback_no as feedback_id,
    client_no as source_customer_id,
    lower(kind) as feedback_kind_code,
    lower(category) as category_code,
    branch_no as branch_id,
    {{ safe_date('received_date') }} as received_date,
    {{ safe_date('closed_date') }} as closed_date,
    lower(outcome) as outcome_code,
    _received_date,
    _line_number
from {{ landed('crm', 'feedback') }} as received
