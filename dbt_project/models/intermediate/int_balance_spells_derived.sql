-- a balance holds from its day until the day before the next change; of a day delivered twice the newest counts
with

versions as (
    select
        {{ bank_account_id('source_code', 'source_account_id') }} as account_id,
        balance_date,
        balance_amount,
        row_number() over (
            partition by source_code, source_account_id, balance_date
            order by received_date desc nulls last, line_number desc nulls last
        ) as version_rank
    from {{ ref('int_balances_unioned') }}
    where balance_date <= {{ business_date() }}
)

select
    account_id,
    balance_date as from_date,
    coalesce(
        {{ add_days('lead(balance_date) over (partition by account_id order by balance_date nulls last)', -1) }},
        {{ business_date() }}
    ) as until_date,
    balance_amount
from versions
where version_rank = 1
