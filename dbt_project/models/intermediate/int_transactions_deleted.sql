select
    source_code,
    {{ bank_account_id('source_code', 'source_transaction_id') }} as transaction_id,
    received_date
from {{ ref('int_deleted_transactions_unioned') }}
