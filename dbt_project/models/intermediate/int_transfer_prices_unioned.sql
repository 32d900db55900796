{{ union_conformed('transfer_prices') }}
