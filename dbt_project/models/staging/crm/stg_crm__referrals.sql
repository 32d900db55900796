select
    referral_no as referral_id,
    client_no as source_customer_id,
    referred_client_no as referred_source_customer_id,
    {{ safe_date('referral_date') }} as referral_date,
    _received_date,
    _line_number
from {{ landed('crm', 'referrals') }} as received
