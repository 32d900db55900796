select
    trans_id as source_transaction_id,
    account_id as source_account_id,
    {{ safe_date('date', 'yymmdd') }} as transaction_date,
    -- VYBER is an undocumented third type: a withdrawal like VYDAJ; an empty and a blank k_symbol are both unknown
    case when type = 'PRIJEM' then 'credit' when type in ('VYDAJ', 'VYBER') then 'debit' end as direction_code,
    case operation
        when 'VYBER KARTOU' then 'card_withdrawal'
        when 'VKLAD' then 'cash_deposit'
        when 'VYBER' then 'cash_withdrawal'
        when 'PREVOD Z UCTU' then 'transfer_in'
        when 'PREVOD NA UCET' then 'transfer_out'
    end as operation_code,
    {{ safe_decimal('amount') }} as transaction_amount,
    {{ safe_decimal('balance') }} as balance_amount,
    case trim(k_symbol)
        when 'UROK' then 'interest'
        when 'SLUZBY' then 'statement_fee'
        when 'SANKC. UROK' then 'penalty_interest'
        when 'SIPO' then 'household'
        when 'POJISTNE' then 'insurance'
        when 'LEASING' then 'leasing'
        when 'UVER' then 'loan_payment'
        when 'DUCHOD' then 'pension'
    end as purpose_code,
    bank as partner_bank_code,
    account as partner_account,
    _received_date,
    _line_number
from {{ landed('berka', 'trans') }} as received
