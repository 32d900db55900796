select
    card_no as source_account_id,
    product_code,
    currency as currency_code,
    branch_no as branch_id,
    {{ safe_date('opened_date', 'yymmdd') }} as opened_date,
    _received_date,
    _line_number
from {{ landed('prepaid', 'cards') }} as received
