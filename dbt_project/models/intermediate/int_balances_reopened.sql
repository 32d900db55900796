-- late and corrected balances, terms and exchange rates: the account and the first closed month that changes
{% if var('since') %}
with

touched as (
    select
        account_id,
        month_number
    from {{ ref('int_balances_arrived') }}
    union all
    select
        account_id,
        from_month as month_number
    from {{ ref('int_account_terms_changed') }}
    union all
    select
        account_id,
        month_number
    from {{ ref('int_exchange_rates_reopened') }}
)

select
    account_id,
    min(month_number) as from_month
from touched
where month_number < {{ business_month() }}
group by account_id
{% else %}
select
    cast(null as text) as account_id,
    cast(null as integer) as from_month
where false
{% endif %}
