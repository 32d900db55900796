-- the bank's own bookings (policy: transaction_types) are not the customer's activity
with

movements as (
    select movement.*
    from {{ ref('transactions') }} as movement
    {%- if var('since') %}
    where movement.month_number = {{ business_month() }} and movement.superseded_date is null
    union all
    select movement.*
    from {{ ref('transactions') }} as movement
    inner join {{ ref('int_activities_reopened') }} as again
        on movement.account_id = again.account_id and movement.month_number >= again.from_month
    where
        movement.month_number < {{ business_month() }}
        and movement.month_number >= {{ first_reopened(ref('int_activities_reopened')) }}
        and movement.superseded_date is null
    {%- else %}
    where movement.superseded_date is null
    {%- endif %}
)

select
    movement.account_id,
    cast(count(*) as bigint) as transaction_count,
    cast(sum(movement.transaction_amount) as decimal(18, 2)) as transaction_amount,
    max(case when movement.is_customer_initiated then movement.transaction_date end) as last_active_date
    {%- for channel in ['branch', 'self_service', 'phone', 'web', 'mobile', 'card'] %},
    cast(sum(case when movement.channel_code = '{{ channel }}' then 1 else 0 end) as bigint)
        as {{ channel }}_channel_count
    {%- endfor %},
    movement.month_number
from movements as movement
left join {{ source('policy', 'transaction_types') }} as kind
    on
        movement.transaction_type_code = kind.transaction_type_code
        and {{ in_force('kind', 'movement.transaction_date') }}
where coalesce(kind.is_activity, true)
group by movement.account_id, movement.month_number
