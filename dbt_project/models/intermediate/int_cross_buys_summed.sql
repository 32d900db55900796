-- V7: what a customer with an open account may be expected to bring in a month by the products he does not hold yet,
-- is offered and can afford: propensity × mean margin of its holders, nothing where they cost the bank money
select
    customer.customer_id,
    cast(sum(propensity.propensity_rate * greatest(propensity.holder_margin_amount, 0)) as decimal(18, 8))
        as cross_buy_margin_amount,
    cast(count(*) as integer) as cross_buy_count
from {{ ref('int_customers_segmented') }} as customer
inner join {{ ref('customer_holdings') }} as holding
    on customer.customer_id = holding.customer_id and holding.account_count > 0
inner join {{ ref('credit_standings') }} as credit on customer.customer_id = credit.customer_id
inner join {{ ref('current_codes') }} as level
    on customer.aum_level_code = level.code and level.code_set = 'tier_aum_level'
inner join {{ ref('int_product_classes_offered') }} as offer
    on level.rank >= offer.lowest_rank and (credit.is_good_credit or not offer.needs_good_credit)
inner join {{ ref('product_propensities') }} as propensity
    on
        offer.product_class_code = propensity.product_class_code
        and customer.aum_level_code = propensity.aum_level_code
        and customer.age_group_code = propensity.age_group_code
left join {{ ref('int_product_classes_held') }} as held
    on
        customer.customer_id = held.customer_id
        and offer.product_class_code = held.product_class_code
        and held.is_held
where held.customer_id is null
group by customer.customer_id
