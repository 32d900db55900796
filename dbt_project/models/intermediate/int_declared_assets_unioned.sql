{{ union_conformed('declared_assets') }}
