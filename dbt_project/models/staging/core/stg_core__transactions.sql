select
    transaction_no as source_transaction_id,
    account_no as source_account_id,
    {{ safe_date('transaction_date') }} as transaction_date,
    case direction when 'C' then 'credit' when 'D' then 'debit' end as direction_code,
    {{ safe_decimal('amount') }} as transaction_amount,
    lower(channel) as channel_code,
    lower(transaction_type) as transaction_type_code,
    case initiated_by when 'CUSTOMER' then true when 'SYSTEM' then false end as is_customer_initiated,
    other_bank as other_bank_code,
    case is_own_name when 'Y' then true when 'N' then false end as is_own_name,
    _received_date,
    _line_number
from {{ landed('core', 'transactions') }} as received
