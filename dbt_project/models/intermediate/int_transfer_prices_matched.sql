-- the curves of the days on which accounts were priced, so that each account finds its own by equal days
with

priced as (
    select distinct coalesce(pricing.priced_date, account.opened_date) as priced_date
    from {{ ref('int_account_pricings_dated') }} as pricing
    inner join {{ ref('accounts') }} as account on pricing.account_id = account.account_id
)

select
    priced.priced_date,
    price.curve_code,
    price.annual_rate,
    price.term_from_days,
    price.term_until_days
from priced
inner join {{ ref('int_transfer_prices_dated') }} as price
    on priced.priced_date between price.from_date and price.until_date
