select
    campaign_no as campaign_id,
    campaign_name,
    product_code,
    {{ safe_date('from_date') }} as from_date,
    {{ safe_date('until_date') }} as until_date,
    _received_date,
    _line_number
from {{ landed('crm', 'campaigns') }} as received
