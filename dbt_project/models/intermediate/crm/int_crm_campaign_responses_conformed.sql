select
    {{ conformed('campaign_responses', [
        'source_customer_id', 'campaign_id', 'contacted_date', 'response_code'
    ]) }}
from {{ ref('stg_crm__campaign_responses') }}
