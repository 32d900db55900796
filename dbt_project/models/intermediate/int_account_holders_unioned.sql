{{ union_conformed('account_holders') }}
