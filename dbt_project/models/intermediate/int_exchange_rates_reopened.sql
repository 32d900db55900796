-- whose amounts the exchange rates told tonight change, and from which month on: the first rate of a currency holds for
-- all days before it
{% if var('since') %}
with

rates as (
    select
        currency_code,
        rate_date,
        received_date,
        min(rate_date) over (partition by currency_code) as first_date
    from {{ ref('int_exchange_rates_unioned') }}
    where rate_date <= {{ business_date() }}
)

select
    account.account_id,
    case when rate.rate_date = rate.first_date then 0 else {{ month_number('rate.rate_date') }} end as month_number
from {{ ref('accounts') }} as account
inner join rates as rate on account.currency_code = rate.currency_code
where {{ has_arrived('rate.received_date') }}
{% else %}
select
    cast(null as text) as account_id,
    cast(null as integer) as month_number
where false
{% endif %}
