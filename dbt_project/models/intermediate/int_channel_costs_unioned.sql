{{ union_conformed('channel_costs') }}
