{{ union_conformed('branches') }}
