select
    {{ conformed('referrals', [
        'source_customer_id', 'referred_source_customer_id', 'referral_date'
    ], source_referral_id='referral_id') }}
from {{ ref('stg_crm__referrals') }}
