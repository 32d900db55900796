select
    {{ conformed('credit_events', [
        'source_account_id', 'event_type_code', 'event_date', 'settled_date', 'event_amount'
    ], source_event_id='event_id') }}
from {{ ref('stg_cards__card_events') }}
