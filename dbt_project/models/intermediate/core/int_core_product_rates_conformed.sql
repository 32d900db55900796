select
    {{ conformed('product_rates', [
        'product_code', 'term_days', 'from_date', 'annual_rate'
    ]) }}
from {{ ref('stg_core__product_rates') }}
