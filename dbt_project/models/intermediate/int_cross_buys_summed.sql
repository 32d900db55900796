-- V7: what a customer with an open account may be expected to bring in a month by the products he does not hold yet,
-- is offered and can afford: propensity × mean margin of its holders, nothing where they cost the bank money
select
    customer.customer_id,
    cast(sum(propensity.propensity_rate * greatest(propensity.holder_margin_amount, 0)) as decimal(18, 8))
        as cross_buy_margin_amount,
    cast(count(*) as integer) as cross_buy_count
from {{ ref('int_customers_segmented') }} as customer
inner join {{ ref('customer_holdings') }} as holding on customer.customer_id = holding.customer_id
inner join {{ ref('credit_standings') }} as credit on customer.customer_id = credit.customer_id
inner join {{ ref('product_propensities') }} as propensity
    on
        customer.aum_level_code = propensity.aum_level_code
        and customer.age_group_code = propensity.age_group_code
        and (credit.is_good_credit or not propensity.needs_good_credit)
left join {{ ref('int_product_classes_held') }} as held
    on
        customer.customer_id = held.customer_id
        and propensity.product_class_code = held.product_class_code
        and held.is_held
where
    held.customer_id is null
    and holding.account_count > 0
    and propensity.is_affordable
group by customer.customer_id
