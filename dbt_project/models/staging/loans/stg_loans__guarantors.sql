select
    loan_no as source_account_id,
    guarantor_no as guarantor_source_customer_id,
    {{ safe_date('from_date') }} as from_date,
    {{ safe_date('until_date') }} as until_date,
    _received_date,
    _line_number
from {{ landed('loans', 'guarantors') }} as received
