select
    {{ conformed('credit_grades', [
        'source_customer_id', 'graded_date', 'credit_grade_code'
    ]) }}
from {{ ref('stg_loans__credit_grades') }}
