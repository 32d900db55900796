select
    {{ bank_account_id('source_code', 'source_account_id') }} as account_id,
    balance_date,
    balance_amount,
    received_date,
    line_number,
    {{ month_number('balance_date') }} as month_number
from {{ ref('int_balances_unioned') }}
where balance_date is not null and {{ has_arrived('received_date') }}
