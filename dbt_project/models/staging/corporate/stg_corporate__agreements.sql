select
    agreement_no as agreement_id,
    company_no as source_customer_id,
    lower(kind) as agreement_kind_code,
    {{ safe_date('signed_date') }} as signed_date,
    {{ safe_date('until_date') }} as until_date,
    _received_date,
    _line_number
from {{ landed('corporate', 'agreements') }} as received
