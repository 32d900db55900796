{{ union_conformed('transactions') }}
