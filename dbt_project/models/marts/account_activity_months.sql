-- the bank's own bookings (policy: transaction_types) are not the customer's activity
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
from ({{ months_built(ref('transactions'), 'int_activities_reopened') }}) as movement
left join {{ source('policy', 'transaction_types') }} as kind
    on
        movement.transaction_type_code = kind.transaction_type_code
        and {{ in_force('kind', 'movement.transaction_date') }}
where movement.superseded_date is null and coalesce(kind.is_activity, true)
group by movement.account_id, movement.month_number
