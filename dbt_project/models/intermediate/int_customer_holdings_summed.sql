with

held as (
    select
        owned.customer_id,
        owned.source_code,
        owned.product_code,
        month.base_balance_amount,
        month.base_month_average_amount,
        month.month_number
    from {{ ref('account_months') }} as month
    inner join {{ ref('int_accounts_owned') }} as owned on month.account_id = owned.account_id
    {%- if var('since') %}
    where month.month_number = {{ business_month() }}
    union all
    select
        owned.customer_id,
        owned.source_code,
        owned.product_code,
        month.base_balance_amount,
        month.base_month_average_amount,
        month.month_number
    from {{ ref('account_months') }} as month
    inner join {{ ref('int_accounts_owned') }} as owned on month.account_id = owned.account_id
    where
        month.month_number < {{ business_month() }}
        and owned.from_month < {{ business_month() }}
        and month.month_number >= owned.from_month
    {%- endif %}
)

select
    held.customer_id,
    cast(sum(case when class.product_class_code in ('current_deposit', 'term_deposit')
        then greatest(held.base_balance_amount, 0) else 0 end) as decimal(18, 2)) as deposit_amount,
    cast(sum(case when class.side_code = 'liability' then held.base_balance_amount else 0 end) as decimal(18, 2))
        as loan_amount,
    cast(sum(greatest(held.base_balance_amount, 0) * class.aum_weight) as decimal(18, 2)) as aum_amount,
    cast(sum(held.base_month_average_amount * class.aum_weight) as decimal(18, 2)) as aum_month_average_amount,
    held.month_number
from held
inner join {{ ref('int_month_products_classed') }} as class
    on
        held.month_number = class.month_number
        and held.source_code = class.source_code
        and held.product_code = class.product_code
group by held.customer_id, held.month_number
