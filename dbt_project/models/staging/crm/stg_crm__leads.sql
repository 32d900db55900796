select
    lead_no as lead_id,
    client_no as source_customer_id,
    lower(lead_source) as lead_source_code,
    product_code,
    lower(stage) as stage_code,
    {{ safe_decimal('amount') }} as expected_amount,
    {{ safe_date('opened_date') }} as opened_date,
    {{ safe_date('updated_date') }} as updated_date,
    {{ safe_date('closed_date') }} as closed_date,
    _received_date,
    _line_number
from {{ landed('crm', 'leads') }} as received
