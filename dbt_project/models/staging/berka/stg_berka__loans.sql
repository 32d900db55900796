select
    loan_id,
    account_id as source_account_id,
    {{ safe_date('date', 'yymmdd') }} as granted_date,
    {{ safe_decimal('amount') }} as principal_amount,
    {{ safe_integer('duration') }} as duration_months,
    {{ safe_decimal('payments') }} as payment_amount,
    case status when 'A' then 'repaid' when 'B' then 'unpaid' end as status_code,
    _received_date,
    _line_number
from {{ landed('berka', 'loan') }} as received
