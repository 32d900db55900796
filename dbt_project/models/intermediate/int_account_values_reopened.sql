-- the account and the first closed month whose value changes: by what was held or done, by its terms or its product.
-- Prices re-open a month once at most: what the first delivery tells reaches back (told_from)
{% if var('since') %}
with

first_prices as (
    select min(received_date) as received_date from {{ ref('int_transfer_prices_unioned') }}
    union all
    select min(received_date) as received_date from {{ ref('int_product_rates_unioned') }}
    union all
    select min(received_date) as received_date from {{ ref('int_account_rates_unioned') }}
),

touched as (
    select
        account_id,
        from_month
    from {{ ref('int_balances_reopened') }}
    union all
    select
        account_id,
        from_month
    from {{ ref('int_activities_reopened') }}
    union all
    select
        account_id,
        case when has_other_product then 0 else from_month end as from_month
    from {{ ref('int_account_terms_changed') }}
    union all
    select
        account_id,
        0 as from_month
    from {{ ref('accounts') }}
    where (select {{ has_arrived('max(first_prices.received_date)') }} from first_prices)
)

select
    account_id,
    min(from_month) as from_month
from touched
where from_month < {{ business_month() }}
group by account_id
{% else %}
select
    cast(null as text) as account_id,
    cast(null as integer) as from_month
where false
{% endif %}
