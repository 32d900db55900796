select
    {{ bank_account_id('movement.source_code', 'movement.source_transaction_id') }} as transaction_id,
    account.account_id,
    account.customer_id,
    movement.transaction_date,
    {{ month_number('movement.transaction_date') }} as month_number,
    movement.direction_code,
    movement.transaction_amount,
    movement.channel_code,
    movement.transaction_type_code,
    movement.is_customer_initiated
from {{ ref('int_transactions_unioned') }} as movement
inner join {{ ref('accounts') }} as account
    on {{ bank_account_id('movement.source_code', 'movement.source_account_id') }} = account.account_id
where movement.transaction_date <= {{ business_date() }}
