{{ union_conformed('feedbacks') }}
