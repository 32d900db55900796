{{ union_conformed('manager_assignments') }}
