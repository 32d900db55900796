select
    lower(channel) as channel_code,
    lower(transaction_type) as transaction_type_code,
    {{ safe_date('from_date') }} as from_date,
    {{ safe_decimal('unit_cost') }} as unit_cost_amount,
    _received_date,
    _line_number
from {{ landed('core', 'channel_costs') }} as received
