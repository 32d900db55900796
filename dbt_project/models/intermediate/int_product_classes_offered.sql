-- V7: the classes of product that the bank has and offers, and from which AUM level on they can be afforded (policy)
with

products as (
    select distinct product.product_class_code
    from {{ source('policy', 'products') }} as product
    where {{ in_force('product') }}
),

levels as (
    select
        code,
        rank
    from {{ ref('current_codes') }}
    where code_set = 'tier_aum_level'
)

select
    offer.product_class_code,
    level.code as aum_level_code,
    level.rank >= lowest.rank as is_affordable,
    offer.needs_good_credit
from {{ source('policy', 'cross_buys') }} as offer
inner join products as product on offer.product_class_code = product.product_class_code
inner join levels as lowest on offer.lowest_aum_level_code = lowest.code
cross join levels as level
where {{ in_force('offer') }}
