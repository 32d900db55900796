{{ union_conformed('managers') }}
