select
    card_ref as source_account_id,
    holder_no as source_customer_id,
    product_code,
    currency as currency_code,
    branch_no as branch_id,
    {{ safe_decimal('credit_limit') }} as credit_limit_amount,
    {{ safe_date('opened_date') }} as opened_date,
    {{ safe_date('activated_date') }} as activated_date,
    {{ safe_date('closed_date') }} as closed_date,
    _received_date,
    _line_number
from {{ landed('cards', 'cards') }} as received
