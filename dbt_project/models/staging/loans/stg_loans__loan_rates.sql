select
    loan_no as source_account_id,
    {{ safe_date('from_date') }} as from_date,
    {{ safe_decimal('annual_rate', 8) }} as annual_rate,
    _received_date,
    _line_number
from {{ landed('loans', 'loan_rates') }} as received
