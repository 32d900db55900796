select
    {{ conformed('contacts', [
        'source_customer_id', 'manager_id', 'contact_date', 'channel_code', 'purpose_code', 'result_code'
    ], source_contact_id='contact_id') }}
from {{ ref('stg_crm__contacts') }}
