-- the working grain: one customer, one month, what was held and what was done. Past months follow today's holders
{%- set counts = ['transaction_count', 'card_spend_count'] %}
{%- for channel in ['branch', 'self_service', 'phone', 'web', 'mobile', 'card'] %}
{%- do counts.append(channel ~ '_channel_count') %}
{%- endfor %}
{%- set held = ['deposit_amount', 'deposit_month_average_amount', 'loan_amount', 'aum_amount'] %}
{%- do held.extend(['aum_month_average_amount', 'market_month_average_amount']) %}
{%- set amounts = ['transaction_amount', 'income_amount', 'card_spend_amount', 'own_transfer_out_amount'] %}
{%- do amounts.extend(['market_flow_ahead_amount', 'market_flow_behind_amount']) %}
{%- do amounts.extend(['salary_amount', 'net_outflow_amount']) %}
with

-- a customer is known from the first delivery on, and from the first business on record before it
known as (
    select
        customer_id,
        min(month_number) as first_month_number
    from (
        select
            customer_id,
            month_number
        from {{ ref('int_customer_holdings_summed') }}
        union all
        select
            customer_id,
            month_number
        from {{ ref('int_customer_activities_summed') }}
        union all
        select
            customer.customer_id,
            greatest(
                {{ month_number('customer.first_received_date') }},
                {{ 'coalesce(again.from_month, ' ~ business_month() ~ ')' if var('since') else 0 }}
            ) as month_number
        from {{ ref('customers') }} as customer
        left join {{ ref('int_customers_reopened') }} as again on customer.customer_id = again.customer_id
    ) as seen
    group by customer_id
),

measured as (
    select
        known.customer_id,
        month.last_date,
        {%- for amount in held %}
        coalesce(holding.{{ amount }}, 0) as {{ amount }},
        {%- endfor %}
        {%- for amount in amounts %}
        coalesce(activity.{{ amount }}, 0) as {{ amount }},
        {%- endfor %}
        {{ bits_counted('coalesce(activity.active_day_bits, 0)') }} as active_day_count,
        activity.last_active_date,
        {%- for count in counts %}
        coalesce(activity.{{ count }}, 0) as {{ count }},
        {%- endfor %}
        month.month_number
    from known
    inner join {{ ref('months') }} as month on known.first_month_number <= month.month_number
    left join {{ ref('int_customer_holdings_summed') }} as holding
        on known.customer_id = holding.customer_id and month.month_number = holding.month_number
    left join {{ ref('int_customer_activities_summed') }} as activity
        on known.customer_id = activity.customer_id and month.month_number = activity.month_number
),

-- the eve of the first month that is built
former as (
    select
        customer_id,
        max(last_active_date) as last_active_date
    from {{ this if var('since') else 'measured' }}
    where {{ 'month_number = ' ~ business_month() ~ ' - 1' if var('since') else 'false' }}
    group by customer_id
)

select
    measured.customer_id,
    measured.last_date,
    {%- for amount in held + amounts %}
    cast(measured.{{ amount }} as decimal(18, 2)) as {{ amount }},
    {%- endfor %}
    measured.active_day_count,
    greatest(
        max(measured.last_active_date) over (
            partition by measured.customer_id
            order by measured.month_number nulls last
        ),
        case when known.first_month_number = {{ business_month() }} then former.last_active_date end
    ) as last_active_date,
    {%- for count in counts %}
    cast(measured.{{ count }} as bigint) as {{ count }},
    {%- endfor %}
    measured.month_number
from measured
inner join known on measured.customer_id = known.customer_id
left join former on measured.customer_id = former.customer_id
