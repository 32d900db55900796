select
    {{ conformed('feedbacks', [
        'source_customer_id', 'feedback_kind_code', 'category_code', 'branch_id', 'closed_date',
        'outcome_code'
    ], source_feedback_id='feedback_id', opened_date='received_date') }}
from {{ ref('stg_crm__feedbacks') }}
