select
    source_account_id,
    _received_date as received_date,
    _line_number as line_number,
    product_code,
    currency_code,
    branch_id,
    cast(null as decimal(18, 8)) as annual_rate,
    opened_date,
    cast(null as date) as maturity_date,
    cast(null as date) as closed_date
from {{ kept_versions(ref('stg_prepaid__cards'), ['source_account_id'], ref('stg_prepaid__deleted_cards')) }} as card
