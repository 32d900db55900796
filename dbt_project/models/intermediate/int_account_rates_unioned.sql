{{ union_conformed('account_rates') }}
