{{ union_conformed('overdues') }}
