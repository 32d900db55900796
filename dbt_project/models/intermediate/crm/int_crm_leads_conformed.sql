select
    {{ conformed('leads', [
        'source_customer_id', 'stage_code', 'expected_amount', 'opened_date', 'closed_date'
    ], source_lead_id='lead_id') }}
from {{ ref('stg_crm__leads') }}
