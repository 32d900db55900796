{{ union_conformed('contacts') }}
