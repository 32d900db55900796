select
    company_no as source_customer_id,
    {{ safe_integer('fiscal_year') }} as fiscal_year,
    {{ safe_date('statement_date') }} as statement_date,
    {{ safe_decimal('total_assets') }} as total_assets_amount,
    {{ safe_decimal('total_liabilities') }} as total_liabilities_amount,
    {{ safe_decimal('revenue') }} as revenue_amount,
    {{ safe_decimal('profit') }} as profit_amount,
    {{ safe_decimal('operating_cash_flow') }} as operating_cash_flow_amount,
    _received_date,
    _line_number
from {{ landed('corporate', 'annual_statements') }} as received
