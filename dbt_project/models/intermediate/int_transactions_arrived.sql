-- typed once, here: every mart of transactions reads what was typed
select
    source_code,
    {{ bank_account_id('source_code', 'source_transaction_id') }} as transaction_id,
    {{ bank_account_id('source_code', 'source_account_id') }} as account_id,
    transaction_date,
    direction_code,
    transaction_amount,
    channel_code,
    transaction_type_code,
    is_customer_initiated,
    is_own_name,
    other_bank_code,
    fee_amount,
    received_date,
    line_number,
    {{ month_number('transaction_date') }} as month_number
from {{ ref('int_transactions_unioned') }}
where transaction_date is not null and {{ has_arrived('received_date') }}
