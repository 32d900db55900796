{{ union_conformed('campaign_responses') }}
