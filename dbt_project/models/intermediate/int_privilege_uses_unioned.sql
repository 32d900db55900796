{{ union_conformed('privilege_uses') }}
