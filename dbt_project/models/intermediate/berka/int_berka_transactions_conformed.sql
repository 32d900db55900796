with

transactions as (
    select
        movement.source_transaction_id,
        movement._received_date as received_date,
        movement._line_number as line_number,
        movement.source_account_id,
        movement.transaction_date,
        movement.direction_code,
        movement.transaction_amount,
        movement.operation_code,
        movement.purpose_code,
        movement.partner_bank_code,
        standing.source_transaction_id is not null as is_standing
    from {{ ref('stg_berka__transactions') }} as movement
    left join {{ ref('int_berka_standing_payments_derived') }} as standing
        on movement.source_transaction_id = standing.source_transaction_id
)

select
    source_transaction_id,
    received_date,
    line_number,
    'A' || source_account_id as source_account_id,
    transaction_date,
    direction_code,
    transaction_amount,
    case
        when operation_code = 'card_withdrawal' then 'card'
        when purpose_code in ('interest', 'penalty_interest', 'statement_fee') then 'system'
        when operation_code in ('cash_deposit', 'cash_withdrawal') then 'branch'
        else 'unknown'
    end as channel_code,
    case
        when purpose_code in ('interest', 'penalty_interest', 'pension', 'loan_payment') then purpose_code
        when purpose_code = 'statement_fee' then 'fee'
        when is_standing then 'standing_order'
        when operation_code in ('cash_deposit', 'cash_withdrawal', 'card_withdrawal') then 'cash'
        when operation_code in ('transfer_in', 'transfer_out') then 'transfer'
        else 'other'
    end as transaction_type_code,
    coalesce(operation_code in ('cash_deposit', 'cash_withdrawal', 'card_withdrawal', 'transfer_out'), false)
    and purpose_code is null
    and not is_standing as is_customer_initiated,
    cast(null as boolean) as is_own_name,
    partner_bank_code as other_bank_code,
    cast(null as decimal(18, 2)) as fee_amount
from transactions
