select
    repayment_no as source_transaction_id,
    loan_no as source_account_id,
    {{ safe_date('repayment_date') }} as transaction_date,
    {{ safe_decimal('principal') }} as principal_amount,
    {{ safe_decimal('interest') }} as interest_amount,
    {{ safe_decimal('penalty') }} as penalty_amount,
    case is_early when 'Y' then true when 'N' then false end as is_early,
    case initiated_by when 'CUSTOMER' then true when 'SYSTEM' then false end as is_customer_initiated,
    _received_date,
    _line_number
from {{ landed('loans', 'repayments') }} as received
