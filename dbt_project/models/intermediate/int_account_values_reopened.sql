-- the account and the first closed month whose value changes: by what was held or done, by its terms or its product.
-- Prices never re-open a month (told_from)
{% if var('since') %}
with

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
