-- V4: what a transaction costs the bank, from the day it was told on
with

told as (
    select
        channel_code,
        transaction_type_code,
        unit_cost_amount,
        {{ told_from('from_date') }} as from_date,
        received_date,
        line_number
    from {{ ref('int_channel_costs_unioned') }}
)

{{ spells_of('told', ['channel_code', 'transaction_type_code'], ['unit_cost_amount']) }}
