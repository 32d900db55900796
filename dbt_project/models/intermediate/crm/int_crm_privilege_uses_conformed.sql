select
    {{ conformed('privilege_uses', [
        'source_customer_id', 'privilege_code', 'used_date', 'unit_cost_amount'
    ], source_use_id='use_id', use_count='quantity') }}
from {{ ref('stg_crm__privilege_uses') }}
