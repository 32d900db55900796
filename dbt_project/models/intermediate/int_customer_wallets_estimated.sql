-- V11: what a customer holds elsewhere: the newest declaration for each other bank while it counts (policy); without
-- one, what left for accounts of the same name at other banks in the last 12 months, net
with

declarations as (
    select
        record.customer_id,
        asset.declared_date,
        asset.declared_amount,
        row_number() over (
            partition by record.customer_id, asset.other_bank_code
            order by
                asset.declared_date desc nulls last,
                asset.received_date desc nulls last,
                asset.source_code asc nulls last,
                asset.line_number desc nulls last
        ) as declaration_rank
    from {{ ref('int_declared_assets_unioned') }} as asset
    inner join {{ ref('int_customer_records_linked') }} as record
        on asset.source_code = record.source_code and asset.source_customer_id = record.source_customer_id
    where asset.declared_date <= {{ business_date() }}
),

declared as (
    select
        customer_id,
        cast(sum(declared_amount) as decimal(18, 2)) as elsewhere_amount
    from declarations
    where
        declaration_rank = 1
        and declared_date >= {{ add_months(business_date(), '-' ~ policy_count('declared_asset_months')) }}
    group by customer_id
),

moved as (
    select
        customer_id,
        cast(sum(own_transfer_out_amount) as decimal(18, 2)) as elsewhere_amount
    from {{ ref('customer_months') }}
    where month_number > {{ business_month() }} - 12
    group by customer_id
)

select
    customer.customer_id,
    cast(coalesce(declared.elsewhere_amount, greatest(moved.elsewhere_amount, 0), 0) as decimal(18, 2))
        as elsewhere_amount,
    case
        when declared.customer_id is not null then 'declared'
        when moved.elsewhere_amount > 0 then 'inferred'
        else 'none'
    end as wallet_confidence_code
from {{ ref('customers') }} as customer
left join declared on customer.customer_id = declared.customer_id
left join moved on customer.customer_id = moved.customer_id
