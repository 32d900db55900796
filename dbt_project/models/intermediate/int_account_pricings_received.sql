-- what an account's record said first counts from the beginning, what a later version or the source's list of rates
-- changes from the day the bank was told
{%- set other_maturity = "coalesce(maturity_date, cast('9999-12-31' as date))
            <> coalesce(former_maturity_date, cast('9999-12-31' as date))" %}
with

versions as (
    select
        {{ bank_account_id('source_code', 'source_account_id') }} as account_id,
        received_date,
        line_number,
        annual_rate,
        opened_date,
        maturity_date,
        lag(received_date) over account as former_received_date,
        lag(annual_rate) over account as former_annual_rate,
        lag(maturity_date) over account as former_maturity_date
    from {{ ref('int_accounts_unioned') }}
    window
        account as (
            partition by source_code, source_account_id
            order by received_date nulls last, line_number nulls last
        )
)

-- the term of a rolled-over deposit runs from the maturity that has passed
select
    account_id,
    case when former_received_date is null then cast('0001-01-01' as date) else received_date end as from_date,
    0 as event_rank,
    line_number,
    case
        when former_received_date is null or former_annual_rate is null or annual_rate <> former_annual_rate
            then annual_rate
    end as annual_rate,
    case when former_received_date is null or {{ other_maturity }} then 1 else 0 end as is_term,
    {{ days_between(
        'case when former_maturity_date <= received_date then former_maturity_date else opened_date end',
        'maturity_date'
    ) }} as term_days
from versions
where
    former_received_date is null
    or annual_rate <> former_annual_rate
    or (former_annual_rate is null and annual_rate is not null)
    or {{ other_maturity }}
union all
select
    {{ bank_account_id('source_code', 'source_account_id') }} as account_id,
    {{ told_from('from_date') }} as from_date,
    1 as event_rank,
    line_number,
    annual_rate,
    0 as is_term,
    cast(null as integer) as term_days
from {{ ref('int_account_rates_unioned') }}
