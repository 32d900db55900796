{{ union_conformed('group_members') }}
