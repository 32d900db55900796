select
    line_no as credit_line_id,
    company_no as source_customer_id,
    {{ safe_decimal('approved_amount') }} as approved_amount,
    {{ safe_decimal('used_amount') }} as used_amount,
    lower(status) as status_code,
    {{ safe_date('from_date') }} as from_date,
    {{ safe_date('until_date') }} as until_date,
    _received_date,
    _line_number
from {{ landed('corporate', 'credit_lines') }} as received
