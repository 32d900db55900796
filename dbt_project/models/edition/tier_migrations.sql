select
    cast(migration.scheme_code as text) as scheme_code,
    cast(month.last_date as date) as month_end_date,
    cast(migration.from_tier_code as text) as from_tier_code,
    cast(migration.to_tier_code as text) as to_tier_code,
    cast(migration.customer_count as bigint) as customer_count,
    cast(migration.aum_amount as decimal(18, 2)) as aum_amount,
    cast({{ policy_code('base_currency') }} as text) as currency_code,
    {{ business_date() }} as business_date
from {{ ref('tier_migration_months') }} as migration
inner join {{ ref('months') }} as month on migration.month_number = month.month_number
where migration.month_number >= {{ business_month() }} - {{ policy_count('curve_window_months') }}
