with

accounts as (
    select
        'A' || source_account_id as source_account_id,
        _received_date as received_date,
        _line_number as line_number,
        'ACCOUNT' as product_code,
        branch_id,
        opened_date,
        cast(null as date) as maturity_date,
        cast(null as date) as closed_date
    from {{ ref('stg_berka__accounts') }}
),

-- a loan is closed when it has run out: only then is its final status delivered
loans as (
    select
        'L' || loan.loan_id as source_account_id,
        loan.received_date,
        loan.line_number,
        'LOAN' as product_code,
        account.branch_id,
        loan.granted_date as opened_date,
        {{ add_months('loan.granted_date', 'loan.duration_months') }} as maturity_date,
        case when loan.status_code = 'repaid' then loan.received_date end as closed_date
    from {{ ref('int_berka_loans_deduplicated') }} as loan
    inner join {{ ref('stg_berka__accounts') }} as account on loan.source_account_id = account.source_account_id
),

cards as (
    select
        'C' || card.card_id as source_account_id,
        card._received_date as received_date,
        card._line_number as line_number,
        card.product_code,
        account.branch_id,
        card.issued_date as opened_date,
        cast(null as date) as maturity_date,
        cast(null as date) as closed_date
    from {{ ref('stg_berka__cards') }} as card
    inner join {{ ref('stg_berka__dispositions') }} as disposition
        on card.disposition_id = disposition.disposition_id
    inner join {{ ref('stg_berka__accounts') }} as account
        on disposition.source_account_id = account.source_account_id
),

together as (
    select * from accounts
    union all
    select * from loans
    union all
    select * from cards
)

select
    {{ conformed('accounts', [
        'source_account_id', 'received_date', 'line_number', 'product_code', 'branch_id', 'opened_date', 'maturity_date',
        'closed_date'
    ], currency_code=policy_code('base_currency')) }}
from together
