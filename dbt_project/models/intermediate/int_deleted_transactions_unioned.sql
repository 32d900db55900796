{{ union_conformed('deleted_transactions') }}
