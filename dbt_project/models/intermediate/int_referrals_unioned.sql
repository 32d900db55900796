{{ union_conformed('referrals') }}
