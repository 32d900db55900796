select
    borrower_no as source_customer_id,
    {{ safe_date('graded_date') }} as graded_date,
    lower(grade) as credit_grade_code,
    _received_date,
    _line_number
from {{ landed('loans', 'credit_grades') }} as received
