select
    cast(lifetime.customer_id as text) as customer_id,
    cast(customer.customer_kind_code as text) as customer_kind_code,
    cast(customer.branch_id as text) as branch_id,
    cast(lifetime.realised_amount as decimal(18, 2)) as realised_amount,
    cast(lifetime.present_amount as decimal(18, 2)) as present_amount,
    cast(lifetime.growth_amount as decimal(18, 2)) as growth_amount,
    cast(lifetime.cross_buy_amount as decimal(18, 2)) as cross_buy_amount,
    cast(lifetime.increment_amount as decimal(18, 2)) as increment_amount,
    cast(lifetime.lifetime_value_amount as decimal(18, 2)) as lifetime_value_amount,
    cast(lifetime.month_margin_amount as decimal(18, 2)) as month_margin_amount,
    cast(lifetime.cross_buy_count as integer) as cross_buy_count,
    cast(coalesce(voice.referral_count, 0) as integer) as referral_count,
    cast(coalesce(voice.suggestion_count, 0) as integer) as suggestion_count,
    cast(coalesce(voice.useful_complaint_count, 0) as integer) as useful_complaint_count,
    cast(lifetime.retention_method_code as text) as method_code,
    cast(lifetime.retention_rate as decimal(9, 8)) as retention_rate,
    cast(lifetime.discount_rate as decimal(9, 8)) as discount_rate,
    cast(lifetime.horizon_months as integer) as horizon_month_count,
    cast(lifetime.annuity_value as decimal(18, 8)) as annuity_value,
    cast({{ policy_code('base_currency') }} as text) as currency_code,
    {{ business_date() }} as business_date
from {{ ref('customer_lifetimes') }} as lifetime
inner join {{ ref('customers') }} as customer on lifetime.customer_id = customer.customer_id
left join {{ ref('int_customer_voices_counted') }} as voice on lifetime.customer_id = voice.customer_id
