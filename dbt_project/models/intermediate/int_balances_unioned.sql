{{ union_conformed('balances') }}
