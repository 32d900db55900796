-- V7: the classes of product that the bank has and offers (policy), and who can afford them
with

products as (
    select distinct product.product_class_code
    from {{ source('policy', 'products') }} as product
    where {{ in_force('product') }}
)

select
    offer.product_class_code,
    offer.needs_good_credit,
    level.rank as lowest_rank
from {{ source('policy', 'cross_buys') }} as offer
inner join products as product on offer.product_class_code = product.product_class_code
inner join {{ ref('current_codes') }} as level
    on offer.lowest_aum_level_code = level.code and level.code_set = 'tier_aum_level'
where {{ in_force('offer') }}
