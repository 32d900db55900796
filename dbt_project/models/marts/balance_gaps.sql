-- days on which no reported balance follows from the former day's: the bank's own books disagree
select
    source_account_id,
    balance_date,
    balance_amount,
    gap_amount
from {{ ref('int_berka_balances_folded') }}
where gap_amount > {{ policy_value('balance_gap_amount') }}
