select
    source_transaction_id,
    _received_date as received_date,
    _line_number as line_number,
    source_account_id,
    transaction_date,
    direction_code,
    transaction_amount,
    case channel_code when 'atm' then 'self_service' when 'pos' then 'card' else channel_code end as channel_code,
    transaction_type_code,
    is_customer_initiated
from {{ ref('stg_cards__card_transactions') }}
