{{ union_conformed('product_rates') }}
