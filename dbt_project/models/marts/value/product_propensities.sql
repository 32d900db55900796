-- V7: how likely who does not hold a class of product takes it up within the policy's window, by segment, and what it
-- brings in a month. Small segments lean on the mean of the bank, which counts as so many customers (policy)
with

segments as (
    select
        aum_level_code,
        age_group_code
    from {{ ref('int_customers_segmented') }}
    union
    select
        former_aum_level_code,
        former_age_group_code
    from {{ ref('int_customers_segmented') }}
    where former_aum_level_code is not null
),

known as (
    select
        former_aum_level_code as aum_level_code,
        former_age_group_code as age_group_code,
        count(*) as customer_count
    from {{ ref('int_customers_segmented') }}
    where former_aum_level_code is not null
    group by former_aum_level_code, former_age_group_code
),

taken as (
    select
        holding.product_class_code,
        customer.former_aum_level_code as aum_level_code,
        customer.former_age_group_code as age_group_code,
        sum(case when holding.was_held then 1 else 0 end) as holder_count,
        sum(case when holding.is_opened and not holding.was_held then 1 else 0 end) as taker_count
    from {{ ref('int_product_classes_held') }} as holding
    inner join {{ ref('int_customers_segmented') }} as customer on holding.customer_id = customer.customer_id
    where customer.former_aum_level_code is not null
    group by holding.product_class_code, customer.former_aum_level_code, customer.former_age_group_code
),

earned as (
    select
        margin.product_class_code,
        customer.aum_level_code,
        customer.age_group_code,
        sum(margin.margin_amount) as margin_amount,
        sum(margin.month_count) as month_count
    from {{ ref('int_product_margins_summed') }} as margin
    inner join {{ ref('int_customers_segmented') }} as customer on margin.customer_id = customer.customer_id
    group by margin.product_class_code, customer.aum_level_code, customer.age_group_code
),

counted as (
    select
        offer.product_class_code,
        offer.needs_good_credit,
        offer.is_affordable,
        segment.aum_level_code,
        segment.age_group_code,
        coalesce(known.customer_count, 0) - coalesce(taken.holder_count, 0) as non_holder_count,
        coalesce(taken.taker_count, 0) as taker_count,
        coalesce(earned.margin_amount, 0) as margin_amount,
        coalesce(earned.month_count, 0) as month_count,
        {{ policy_value('cross_buy_prior_count') }} as prior_count
    from {{ ref('int_product_classes_offered') }} as offer
    inner join segments as segment on offer.aum_level_code = segment.aum_level_code
    left join known
        on segment.aum_level_code = known.aum_level_code and segment.age_group_code = known.age_group_code
    {%- for part in ['taken', 'earned'] %}
    left join {{ part }}
        on
            offer.product_class_code = {{ part }}.product_class_code
            and segment.aum_level_code = {{ part }}.aum_level_code
            and segment.age_group_code = {{ part }}.age_group_code
    {%- endfor %}
),

means as (
    select
        counted.*,
        cast(sum(taker_count) over (partition by product_class_code) as decimal(18, 8))
        / nullif(sum(non_holder_count) over (partition by product_class_code), 0) as bank_rate,
        cast(sum(margin_amount) over (partition by product_class_code) as decimal(18, 2))
        / nullif(sum(month_count) over (partition by product_class_code), 0) as bank_margin_amount
    from counted
)

select
    product_class_code,
    aum_level_code,
    age_group_code,
    is_affordable,
    needs_good_credit,
    cast(non_holder_count as bigint) as non_holder_count,
    cast(taker_count as bigint) as taker_count,
    cast(coalesce(cast(bank_rate as decimal(18, 8)), 0) as decimal(18, 8)) as bank_rate,
    {{ shrunk('taker_count', 'non_holder_count', 'bank_rate', 'prior_count') }} as propensity_rate,
    {{ shrunk('margin_amount', 'month_count', 'bank_margin_amount', 'prior_count') }} as holder_margin_amount
from means
