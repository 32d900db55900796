-- the owner holds account and loan; a disponent is a customer without holdings of his own; a card is its bearer's
select
    'A' || source_account_id as source_account_id,
    source_customer_id,
    _received_date as received_date,
    _line_number as line_number,
    role_code,
    cast(null as date) as from_date,
    cast(null as date) as until_date
from {{ ref('stg_berka__dispositions') }}
union all
select
    'L' || loan.loan_id as source_account_id,
    disposition.source_customer_id,
    loan.received_date,
    loan.line_number,
    'owner' as role_code,
    loan.granted_date as from_date,
    cast(null as date) as until_date
from {{ ref('int_berka_loans_deduplicated') }} as loan
inner join {{ ref('stg_berka__dispositions') }} as disposition
    on loan.source_account_id = disposition.source_account_id and disposition.role_code = 'owner'
union all
select
    'C' || card.card_id as source_account_id,
    disposition.source_customer_id,
    card._received_date as received_date,
    card._line_number as line_number,
    'owner' as role_code,
    card.issued_date as from_date,
    cast(null as date) as until_date
from {{ ref('stg_berka__cards') }} as card
inner join {{ ref('stg_berka__dispositions') }} as disposition on card.disposition_id = disposition.disposition_id
