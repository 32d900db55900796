{{ union_conformed('leads') }}
