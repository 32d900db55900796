{{ union_conformed('sessions') }}
