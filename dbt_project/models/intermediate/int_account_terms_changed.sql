-- what a new version of an account's record changes in closed months: its currency, or the day it was opened or closed
with

versions as (
    select
        {{ bank_account_id('source_code', 'source_account_id') }} as account_id,
        received_date,
        opened_date,
        closed_date,
        currency_code,
        product_code,
        lag(opened_date) over account as former_opened_date,
        lag(closed_date) over account as former_closed_date,
        lag(currency_code) over account as former_currency_code,
        lag(product_code) over account as former_product_code,
        lag(received_date) over account as former_received_date
    from {{ ref('int_accounts_unioned') }}
    window
        account as (
            partition by source_code, source_account_id
            order by received_date nulls last, line_number nulls last
        )
)

select
    account_id,
    former_product_code <> product_code as has_other_product,
    former_received_date is null or former_currency_code <> currency_code as has_other_currency,
    {{ month_number("case
        when former_received_date is null or former_currency_code <> currency_code then opened_date
        when former_opened_date <> opened_date then least(former_opened_date, opened_date)
        when former_closed_date is null then closed_date
        when closed_date is null then former_closed_date
        else least(former_closed_date, closed_date)
    end") }} as from_month
from versions
where
    {{ has_arrived('received_date') }}
    and (
        former_received_date is null
        or former_currency_code <> currency_code
        or former_product_code <> product_code
        or former_opened_date <> opened_date
        or coalesce(former_closed_date, cast('9999-12-31' as date))
        <> coalesce(closed_date, cast('9999-12-31' as date))
    )
