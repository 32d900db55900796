-- U6: the loan proves the group, for as long as it is open
with

loans as (
    select
        source_account_id,
        source_customer_id,
        opened_date,
        {{ add_days('closed_date', -1) }} as last_date,
        row_number() over (
            partition by source_account_id
            order by _received_date desc nulls last, _line_number desc nulls last
        ) as version_rank
    from {{ ref('stg_loans__loans') }}
),

guarantors as (
    select
        guarantor.source_account_id,
        guarantor.guarantor_source_customer_id,
        guarantor._received_date as received_date,
        guarantor._line_number as line_number,
        guarantor.from_date,
        guarantor.until_date,
        loan.source_customer_id as borrower_source_customer_id,
        loan.opened_date,
        loan.last_date
    from {{ ref('stg_loans__guarantors') }} as guarantor
    inner join loans as loan
        on guarantor.source_account_id = loan.source_account_id and loan.version_rank = 1
)

select
    source_account_id as source_group_id,
    'guarantor' as group_kind_code,
    guarantor_source_customer_id as source_customer_id,
    received_date,
    line_number,
    'guarantor' as role_code,
    from_date,
    least(until_date, last_date) as until_date
from guarantors
union all
select
    source_account_id as source_group_id,
    'guarantor' as group_kind_code,
    borrower_source_customer_id as source_customer_id,
    received_date,
    line_number,
    'borrower' as role_code,
    opened_date as from_date,
    last_date as until_date
from guarantors
