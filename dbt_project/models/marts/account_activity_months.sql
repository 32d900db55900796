-- what was done on an account, in the bank's currency by the rate of the day. The bank's own bookings (policy:
-- transaction_types) are not the customer's activity, what he earns and spends is no flow of assets; what came in or
-- went out weighs by the days it was there
{%- set channels = ['branch', 'self_service', 'phone', 'web', 'mobile', 'card'] %}
with

movements as (
    select
        movement.account_id,
        movement.month_number,
        movement.transaction_date,
        movement.channel_code,
        movement.is_customer_initiated,
        movement.direction_code,
        coalesce(kind.is_activity, true) as is_activity,
        coalesce(kind.is_income, false) and not coalesce(movement.is_own_name, false) as is_income,
        coalesce(movement.is_own_name, false) and movement.other_bank_code is not null as is_own_elsewhere,
        coalesce(kind.is_fee, false) as is_fee,
        coalesce(kind.is_asset_flow, true) as is_asset_flow,
        movement.transaction_type_code in ('interest', 'penalty_interest') as is_interest,
        movement.transaction_type_code in ('salary', 'pension') as is_salary,
        cast(movement.transaction_amount * rate.base_rate as decimal(18, 2)) as base_amount,
        cast(coalesce(movement.fee_amount, 0) * rate.base_rate as decimal(18, 2)) as fee_amount,
        case movement.direction_code when 'debit' then 1 else -1 end as debit_sign,
        coalesce(cost.unit_cost_amount, {{ policy_value('transaction_cost_default_amount') }}) as cost_amount,
        {{ days_between('movement.transaction_date', 'calendar.last_date') }} + 1 as ahead_days,
        {{ days_between('calendar.first_date', 'movement.transaction_date') }} as behind_days,
        calendar.day_count
    from ({{ months_built(ref('transactions'), 'int_activities_reopened') }}) as movement
    inner join {{ ref('months') }} as calendar on movement.month_number = calendar.month_number
    inner join {{ ref('accounts') }} as account on movement.account_id = account.account_id
    inner join {{ ref('int_exchange_rate_spells_derived') }} as rate
        on
            account.currency_code = rate.currency_code
            and movement.transaction_date between rate.from_date and rate.until_date
    left join {{ source('policy', 'transaction_types') }} as kind
        on
            movement.transaction_type_code = kind.transaction_type_code
            and {{ in_force('kind', 'movement.transaction_date') }}
    left join {{ ref('int_channel_cost_spells_derived') }} as cost
        on
            movement.channel_code = cost.channel_code
            and movement.transaction_type_code = cost.transaction_type_code
            and movement.transaction_date between cost.from_date and cost.until_date
    where movement.superseded_date is null
)

select
    account_id,
    cast(sum(case when is_activity then 1 else 0 end) as bigint) as transaction_count,
    cast(sum(case when is_activity then base_amount else 0 end) as decimal(18, 2)) as transaction_amount,
    max(case when is_activity and is_customer_initiated then transaction_date end) as last_active_date
    {%- for channel in channels %},
    cast(sum(case when is_activity and channel_code = '{{ channel }}' then 1 else 0 end) as bigint)
        as {{ channel }}_channel_count
    {%- endfor %},
    bit_or(case when is_activity and is_customer_initiated then {{ day_bit('transaction_date') }} else 0 end)
        as active_day_bits,
    cast(sum(case when is_income and direction_code = 'credit' then base_amount else 0 end) as decimal(18, 2))
        as income_amount,
    cast(sum(case when is_salary and direction_code = 'credit' then base_amount else 0 end) as decimal(18, 2))
        as salary_amount,
    cast(sum(case when is_activity and is_customer_initiated and direction_code = 'debit' then 1 else 0 end)
        as bigint) as spend_count,
    cast(sum(case when is_activity and is_customer_initiated and direction_code = 'debit' then base_amount else 0 end)
        as decimal(18, 2)) as spend_amount,
    cast(sum(case when is_own_elsewhere then debit_sign * base_amount else 0 end) as decimal(18, 2))
        as own_transfer_out_amount,
    cast(sum(case when is_asset_flow then debit_sign * base_amount else 0 end) as decimal(18, 2)) as net_outflow_amount,
    cast(sum(case when is_fee then debit_sign * base_amount else 0 end + fee_amount) as decimal(18, 2)) as fee_amount,
    cast(sum(case when is_interest then debit_sign * base_amount else 0 end) as decimal(18, 2))
        as interest_income_amount,
    cast(sum(case when is_activity then cost_amount else 0 end) as decimal(18, 2)) as transaction_cost_amount,
    cast(cast(sum(debit_sign * base_amount * ahead_days) as decimal(18, 2)) / max(day_count) as decimal(18, 2))
        as flow_ahead_amount,
    cast(cast(sum(debit_sign * base_amount * behind_days) as decimal(18, 2)) / max(day_count) as decimal(18, 2))
        as flow_behind_amount,
    month_number
from movements
group by account_id, month_number
