-- orders carry no date and are not served: a standing payment is known from what was paid, by its purpose
-- or by having gone to the same partner in the same amount a month before
with

outgoing as (
    select
        source_transaction_id,
        purpose_code,
        {{ month_number('transaction_date') }} as month_number,
        lag({{ month_number('transaction_date') }}) over (
            partition by source_account_id, partner_bank_code, partner_account, transaction_amount
            order by transaction_date nulls last, source_transaction_id nulls last
        ) as former_month_number
    from {{ ref('stg_berka__transactions') }}
    where operation_code = 'transfer_out'
)

select source_transaction_id
from outgoing
where
    purpose_code in ('household', 'insurance', 'leasing', 'loan_payment')
    or former_month_number = month_number - 1
