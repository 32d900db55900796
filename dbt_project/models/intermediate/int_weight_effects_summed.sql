-- T13: last month's holdings at tonight's weights against its own. Where no weight has turned nothing is read
with

turned as (
    select
        class.source_code,
        class.product_code,
        former.month_number,
        class.aum_weight - former.aum_weight as weight_change,
        case when class.is_market_priced then class.aum_weight else 0 end
        - case when former.is_market_priced then former.aum_weight else 0 end as market_weight_change
    from {{ ref('int_month_products_classed') }} as class
    inner join {{ ref('int_month_products_classed') }} as former
        on class.source_code = former.source_code and class.product_code = former.product_code
    where
        class.month_number = {{ business_month() }}
        and former.month_number = {{ business_month() }} - 1
        and (class.aum_weight <> former.aum_weight or class.is_market_priced <> former.is_market_priced)
),

held as (
    select
        holder.account_id,
        holder.customer_id,
        holder.is_primary,
        month.base_month_average_amount,
        weight.weight_change,
        weight.market_weight_change,
        cast(
            case when holder.is_primary then 0 else month.base_month_average_amount * holder.holder_share end
            as decimal(18, 2)
        ) as other_amount
    from {{ ref('account_months') }} as month
    inner join {{ ref('int_holders_scoped') }} as holder on month.account_id = holder.account_id
    inner join turned as weight
        on holder.source_code = weight.source_code and holder.product_code = weight.product_code
    where
        month.month_number = {{ business_month() }} - 1
        and month.month_number = (select max(turned.month_number) from turned)
),

parts as (
    select
        customer_id,
        weight_change,
        market_weight_change,
        case
            when is_primary
                then base_month_average_amount - sum(other_amount) over (partition by account_id)
            else other_amount
        end as average_amount
    from held
)

select
    customer_id,
    cast(sum(average_amount * weight_change) as decimal(18, 2)) as policy_amount,
    cast(sum(average_amount * market_weight_change) as decimal(18, 2)) as market_policy_amount
from parts
group by customer_id
