select
    month.month_number,
    product.source_code,
    product.product_code,
    product.product_class_code,
    class.family_code,
    class.side_code,
    class.aum_weight,
    class.is_market_priced,
    class.curve_code,
    class.fee_family_code,
    class.service_cost_amount,
    class.fixed_cost_amount,
    product.rate_basis_code,
    product.transfer_basis_code,
    product.annual_rate
from {{ ref('months') }} as month
inner join {{ source('policy', 'products') }} as product on {{ in_force('product', 'month.last_date') }}
inner join {{ source('policy', 'product_classes') }} as class
    on product.product_class_code = class.product_class_code and {{ in_force('class', 'month.last_date') }}
