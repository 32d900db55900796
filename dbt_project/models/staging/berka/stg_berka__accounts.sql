select
    account_id as source_account_id,
    district_id as branch_id,
    case frequency
        when 'POPLATEK MESICNE' then 'monthly'
        when 'POPLATEK TYDNE' then 'weekly'
        when 'POPLATEK PO OBRATU' then 'per_transaction'
    end as statement_frequency_code,
    {{ safe_date('date', 'yymmdd') }} as opened_date,
    _received_date,
    _line_number
from {{ landed('berka', 'account') }} as received
