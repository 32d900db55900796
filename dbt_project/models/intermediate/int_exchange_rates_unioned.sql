{{ union_conformed('exchange_rates') }}
