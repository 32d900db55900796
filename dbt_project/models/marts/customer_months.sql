-- the working grain: one customer, one month, what was held and what was done
with

spine as (
    select
        customer.customer_id,
        customer.customer_kind_code,
        month.month_number,
        month.last_date
    from {{ ref('customers') }} as customer
    inner join {{ ref('months') }} as month on customer.first_received_date <= month.last_date
),

holdings as (
    select
        customer_id,
        month_number,
        sum(case when side_code = 'asset' then greatest(balance_amount, 0) * aum_weight else 0 end)
            as aum_amount,
        sum(case when side_code = 'asset' then balance_month_average_amount * aum_weight else 0 end)
            as aum_month_average_amount
    from {{ ref('account_months') }}
    group by customer_id, month_number
),

activity as (
    select
        customer_id,
        month_number,
        count(*) as transaction_count,
        sum(transaction_amount) as transaction_amount,
        max(case when is_customer_initiated then transaction_date end) as last_active_date
        {%- for channel in ['branch', 'self_service', 'phone', 'web', 'mobile', 'card'] %},
        sum(case when channel_code = '{{ channel }}' then 1 else 0 end) as {{ channel }}_channel_count
        {%- endfor %}
    from {{ ref('transactions') }}
    group by customer_id, month_number
)

select
    spine.customer_id,
    spine.customer_kind_code,
    spine.month_number,
    spine.last_date,
    cast(coalesce(holding.aum_amount, 0) as decimal(18, 2)) as aum_amount,
    cast(coalesce(holding.aum_month_average_amount, 0) as decimal(18, 2)) as aum_month_average_amount,
    cast(coalesce(activity.transaction_count, 0) as bigint) as transaction_count,
    cast(coalesce(activity.transaction_amount, 0) as decimal(18, 2)) as transaction_amount,
    activity.last_active_date
    {%- for channel in ['branch', 'self_service', 'phone', 'web', 'mobile', 'card'] %},
    cast(coalesce(activity.{{ channel }}_channel_count, 0) as bigint) as {{ channel }}_channel_count
    {%- endfor %}
from spine
left join holdings as holding
    on spine.customer_id = holding.customer_id and spine.month_number = holding.month_number
left join activity
    on spine.customer_id = activity.customer_id and spine.month_number = activity.month_number
