select
    client_no as source_customer_id,
    other_bank as other_bank_code,
    {{ safe_date('declared_date') }} as declared_date,
    {{ safe_decimal('amount') }} as declared_amount,
    _received_date,
    _line_number
from {{ landed('crm', 'declared_assets') }} as received
