select
    {{ conformed('channel_costs', [
        'transaction_type_code', 'from_date', 'unit_cost_amount'
    ], channel_code=channel_code('channel_code')) }}
from {{ ref('stg_core__channel_costs') }}
