select
    account_no as source_account_id,
    customer_no as source_customer_id,
    product_code,
    currency as currency_code,
    branch_no as branch_id,
    {{ safe_decimal('annual_rate', 8) }} as annual_rate,
    {{ safe_date('opened_date') }} as opened_date,
    {{ safe_date('maturity_date') }} as maturity_date,
    {{ safe_date('closed_date') }} as closed_date,
    _received_date,
    _line_number
from {{ landed('core', 'accounts') }} as received
