-- A7: what the privileges used cost, in the month they were used; a late or corrected use re-opens its customer, since
-- a cost belongs to the month whose margin it lessens
with

versions as (
    select
        record.customer_id,
        privilege.used_date,
        cast(privilege.use_count * privilege.unit_cost_amount as decimal(18, 2)) as cost_amount,
        row_number() over (
            partition by privilege.source_code, privilege.source_use_id
            order by privilege.received_date desc nulls last, privilege.line_number desc nulls last
        ) as version_rank
    from {{ ref('int_privilege_uses_unioned') }} as privilege
    inner join {{ ref('int_customer_records_linked') }} as record
        on
            privilege.source_code = record.source_code
            and privilege.source_customer_id = record.source_customer_id
    where privilege.used_date <= {{ business_date() }}
)

select
    version.customer_id,
    cast(sum(version.cost_amount) as decimal(18, 2)) as privilege_cost_amount,
    month.month_number
from versions as version
inner join {{ ref('months') }} as month on version.used_date between month.first_date and month.last_date
left join {{ ref('int_customers_reopened') }} as again on version.customer_id = again.customer_id
where
    version.version_rank = 1
    and month.month_number >= {{ 'coalesce(again.from_month, ' ~ business_month() ~ ')' if var('since') else 0 }}
group by version.customer_id, month.month_number
