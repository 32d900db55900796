select
    order_no as source_transaction_id,
    contract_no as source_account_id,
    {{ safe_date('order_date') }} as transaction_date,
    case direction when 'C' then 'credit' when 'D' then 'debit' end as direction_code,
    {{ safe_decimal('amount') }} as transaction_amount,
    {{ safe_decimal('fee') }} as fee_amount,
    lower(channel) as channel_code,
    case initiated_by when 'CUSTOMER' then true when 'SYSTEM' then false end as is_customer_initiated,
    _received_date,
    _line_number
from {{ landed('wealth', 'orders') }} as received
