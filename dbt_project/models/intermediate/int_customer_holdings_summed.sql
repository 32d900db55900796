-- each holder's part to the cent: what rounding leaves is the primary holder's
{%- set amounts = ['balance_amount', 'month_average_amount'] %}
with

held as (
    select
        holder.*,
        month.base_balance_amount,
        month.base_month_average_amount,
        month.month_number
    from ({{ months_built(ref('account_months'), 'int_accounts_reopened') }}) as month
    inner join {{ ref('int_holders_scoped') }} as holder on month.account_id = holder.account_id
),

shared as (
    select
        held.*
        {%- for amount in amounts %},
        cast(case when is_primary then 0 else base_{{ amount }} * holder_share end as decimal(18, 2))
            as other_{{ amount }}
        {%- endfor %}
    from held
),

parts as (
    select
        shared.*
        {%- for amount in amounts %},
        case
            when is_primary
                then base_{{ amount }} - sum(other_{{ amount }}) over (partition by account_id, month_number)
            else other_{{ amount }}
        end as {{ amount }}
        {%- endfor %}
    from shared
)

select
    part.customer_id,
    cast(sum(case when class.side_code = 'asset' and class.family_code = 'deposit'
        then greatest(part.balance_amount, 0) else 0 end) as decimal(18, 2)) as deposit_amount,
    cast(sum(case when class.side_code = 'asset' and class.family_code = 'deposit'
        then part.month_average_amount else 0 end) as decimal(18, 2)) as deposit_month_average_amount,
    cast(sum(case when class.side_code = 'liability' and class.family_code = 'loan'
        then part.balance_amount else 0 end) as decimal(18, 2)) as loan_amount,
    cast(sum(greatest(part.balance_amount, 0) * class.aum_weight) as decimal(18, 2)) as aum_amount,
    cast(sum(part.month_average_amount * class.aum_weight) as decimal(18, 2)) as aum_month_average_amount,
    cast(sum(case when class.is_market_priced then part.month_average_amount * class.aum_weight else 0 end)
        as decimal(18, 2)) as market_month_average_amount,
    part.month_number
from parts as part
inner join {{ ref('int_month_products_classed') }} as class
    on
        part.month_number = class.month_number
        and part.source_code = class.source_code
        and part.product_code = class.product_code
where part.month_number >= part.from_month
group by part.customer_id, part.month_number
