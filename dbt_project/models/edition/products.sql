with

accounts as (
    select
        source_code,
        product_code,
        count(*) as account_count
    from {{ ref('accounts') }}
    where closed_date is null
    group by source_code, product_code
)

select
    cast(product.source_code as text) as source_code,
    cast(product.product_code as text) as product_code,
    cast(product.name_zh as text) as name_zh,
    cast(product.name_en as text) as name_en,
    cast(product.product_class_code as text) as product_class_code,
    cast(class.name_zh as text) as product_class_zh,
    cast(class.name_en as text) as product_class_en,
    cast(class.family_code as text) as family_code,
    cast(class.side_code as text) as side_code,
    cast(coalesce(account.account_count, 0) as bigint) as account_count,
    {{ business_date() }} as business_date,
    cast(class.fee_family_code as text) as fee_family_code
from {{ source('policy', 'products') }} as product
inner join {{ source('policy', 'product_classes') }} as class
    on product.product_class_code = class.product_class_code and {{ in_force('class') }}
left join accounts as account
    on product.source_code = account.source_code and product.product_code = account.product_code
where {{ in_force('product') }}
