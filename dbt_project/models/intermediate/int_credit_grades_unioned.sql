{{ union_conformed('credit_grades') }}
