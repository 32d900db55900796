select
    source_account_id,
    _received_date as received_date,
    _line_number as line_number,
    product_code,
    currency_code,
    branch_id,
    cast(null as decimal(18, 8)) as annual_rate,
    opened_date,
    maturity_date,
    closed_date
from {{ ref('stg_wealth__contracts') }}
