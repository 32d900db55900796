-- L3, L5, L6, L10: the measures of loyalty that accounts tell. A short relationship is held against a whole year of
-- purchases, the first of all is not a repeated one
select
    customer_id,
    case
        when account_count > 0 and entrusted_amount > 0
            then cast(least(leaving_cost_amount, entrusted_amount) / entrusted_amount as decimal(18, 8))
    end as switching_cost,
    cast(tenure_months as decimal(18, 8)) as duration,
    cast(open_class_count as decimal(18, 8)) as continuity_kinds,
    cast(
        cast((recent_purchase_count - case when is_first_recent then 1 else 0 end) * 12 as decimal(18, 2))
        / greatest(least(tenure_months, {{ policy_count('repeat_purchase_months') }}), 12) as decimal(18, 8)
    ) as repeat_purchase
from {{ ref('int_customer_products_summed') }}
