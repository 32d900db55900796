with

changed as (
    select distinct customer_id
    from {{ ref('int_tier_changes_compared') }}
),

identified as (
    select distinct changed.customer_id
    from changed
    inner join {{ ref('stg_identity__links') }} as link
        on link.customer_id = changed.customer_id or link.former_customer_id = changed.customer_id
    where
        link.former_customer_id is not null
        and link.changed_date > {{ month_last_day(business_month() ~ ' - 1') }}
        and link.changed_date <= {{ business_date() }}
)

select
    changed.customer_id,
    cast(coalesce(month.aum_month_average_amount, 0) as decimal(18, 2)) as average_amount,
    cast(coalesce(month.market_month_average_amount, 0) as decimal(18, 2)) as market_average_amount,
    cast(coalesce(month.market_flow_behind_amount, 0) as decimal(18, 2)) as market_flow_behind_amount,
    identified.customer_id is not null as is_identity_changed,
    coalesce(month.aum_amount, 0) <> coalesce(known.aum_amount, 0)
    or coalesce(month.aum_month_average_amount, 0) <> coalesce(known.aum_month_average_amount, 0)
    or coalesce(month.transaction_count, 0) <> coalesce(known.transaction_count_1m, 0) as is_corrected
from changed
left join {{ ref('customer_months') }} as month
    on changed.customer_id = month.customer_id and month.month_number = {{ business_month() }} - 1
left join {{ ref('customer_activity_months') }} as known
    on changed.customer_id = known.customer_id and known.month_number = {{ business_month() }} - 1
left join identified on changed.customer_id = identified.customer_id
