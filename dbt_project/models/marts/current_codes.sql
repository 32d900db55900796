with

codes as (
    select
        code_set,
        code,
        name_zh,
        name_en,
        rank
    from {{ source('policy', 'codes') }} as code
    where {{ in_force('code') }}
),

product_classes as (
    select
        'product_class' as code_set,
        product_class_code as code,
        name_zh,
        name_en,
        rank
    from {{ source('policy', 'product_classes') }} as class
    where {{ in_force('class') }}
),

transaction_types as (
    select
        'transaction_type' as code_set,
        transaction_type_code as code,
        name_zh,
        name_en,
        rank
    from {{ source('policy', 'transaction_types') }} as kind
    where {{ in_force('kind') }}
),

contradictions as (
    select
        'contradiction' as code_set,
        contradiction_code as code,
        name_zh,
        name_en,
        row_number() over (order by contradiction_code nulls last) as rank
    from {{ source('policy', 'tier_contradictions') }} as contradiction
    where {{ in_force('contradiction') }}
),

products as (
    select
        'product_' || source_code as code_set,
        product_code as code,
        name_zh,
        name_en,
        row_number() over (partition by source_code order by product_code nulls last) as rank
    from {{ source('policy', 'products') }} as product
    where {{ in_force('product') }}
)

select * from codes
union all
select * from product_classes
union all
select * from transaction_types
union all
select * from products
union all
select * from contradictions
