-- C6: the reason is worded in the view
select
    cast(outlook.source_code as text) as source_code,
    cast(outlook.product_code as text) as product_code,
    cast(month.last_date as date) as month_end_date,
    cast(product.name_zh as text) as name_zh,
    cast(product.name_en as text) as name_en,
    cast(outlook.product_class_code as text) as product_class_code,
    cast(outlook.contribution_amount as decimal(18, 2)) as contribution_amount,
    cast(outlook.fixed_cost_amount as decimal(18, 2)) as fixed_cost_amount,
    cast(outlook.contribution_amount - outlook.fixed_cost_amount as decimal(18, 2)) as allocated_contribution_amount,
    cast(outlook.volume_amount as decimal(18, 2)) as volume_amount,
    cast(outlook.customer_count as bigint) as customer_count,
    cast(outlook.account_count as bigint) as account_count,
    cast(outlook.opened_count as bigint) as opened_count,
    cast(outlook.month_contribution_amount as decimal(18, 2)) as month_contribution_amount,
    cast(outlook.former_month_contribution_amount as decimal(18, 2)) as former_month_contribution_amount,
    cast(outlook.customer_change_share as decimal(18, 8)) as customer_change_share,
    cast(outlook.outlook_code as text) as outlook_code,
    cast(outlook.is_withdraw_candidate as boolean) as is_withdraw_candidate,
    cast(outlook.reason_code as text) as reason_code,
    cast(outlook.floor_amount as decimal(18, 2)) as floor_amount,
    cast(outlook.decline_share as decimal(18, 8)) as decline_share,
    cast(outlook.reason_detail as text) as reason_detail,
    cast({{ policy_code('base_currency') }} as text) as currency_code,
    {{ business_date() }} as business_date
from {{ ref('product_outlooks') }} as outlook
inner join {{ ref('months') }} as month on outlook.month_number = month.month_number
left join {{ source('policy', 'products') }} as product
    on
        outlook.source_code = product.source_code
        and outlook.product_code = product.product_code
        and {{ in_force('product') }}
