select
    {{ conformed('transfer_prices', [
        'curve_code', 'term_days', 'from_date', 'annual_rate'
    ]) }}
from {{ ref('stg_core__transfer_prices') }}
