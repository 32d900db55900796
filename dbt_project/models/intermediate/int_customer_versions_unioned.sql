{{ union_conformed('customer_versions') }}
