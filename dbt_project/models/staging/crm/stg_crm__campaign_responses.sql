select
    campaign_no as campaign_id,
    client_no as source_customer_id,
    {{ safe_date('contacted_date') }} as contacted_date,
    lower(response) as response_code,
    _received_date,
    _line_number
from {{ landed('crm', 'campaign_responses') }} as received
