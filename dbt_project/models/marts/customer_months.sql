-- the working grain: one customer, one month, what was held and what was done; the bank's own bookings
-- (policy: transaction_types) are not the customer's activity
with

holdings as (
    select
        customer_id,
        month_number,
        sum(greatest(balance_amount, 0) * aum_weight) as aum_amount,
        sum(balance_month_average_amount * aum_weight) as aum_month_average_amount
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
    where is_activity
    group by customer_id, month_number
),

-- a customer is known from the first delivery on, and from the first business on record before it
known as (
    select
        customer_id,
        min(month_number) as first_month_number
    from (
        select
            customer_id,
            month_number
        from holdings
        union all
        select
            customer_id,
            month_number
        from activity
        union all
        select
            customer_id,
            {{ month_number('first_received_date') }} as month_number
        from {{ ref('customers') }}
    ) as seen
    group by customer_id
),

spine as (
    select
        customer.customer_id,
        customer.customer_kind_code,
        month.month_number,
        month.last_date
    from {{ ref('customers') }} as customer
    inner join known on customer.customer_id = known.customer_id
    inner join {{ ref('months') }} as month on known.first_month_number <= month.month_number
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
