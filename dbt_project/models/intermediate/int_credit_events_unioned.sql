{{ union_conformed('credit_events') }}
