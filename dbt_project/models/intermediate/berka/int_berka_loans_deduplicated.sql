with

versions as (
    select
        loan_id,
        source_account_id,
        granted_date,
        principal_amount,
        duration_months,
        payment_amount,
        status_code,
        _received_date as received_date,
        _line_number as line_number,
        row_number() over (partition by loan_id order by _received_date desc nulls last) as version_rank
    from {{ ref('stg_berka__loans') }}
)

select
    loan_id,
    source_account_id,
    granted_date,
    principal_amount,
    duration_months,
    payment_amount,
    status_code,
    received_date,
    line_number
from versions
where version_rank = 1
