-- an account that nobody holds any more stays with its last holders; until_date is the last day of a right
with

versions as (
    select
        holder.*,
        {{ bank_account_id('source_code', 'source_account_id') }} as account_id,
        row_number() over (
            partition by
                source_code,
                source_account_id,
                role_code,
                -- where no dates are told, a new owner takes the place of the former one
                case when role_code = 'owner' and from_date is null then '' else source_customer_id end
            order by received_date desc nulls last, line_number desc nulls last
        ) as version_rank
    from {{ ref('int_account_holders_unioned') }} as holder
),

rights as (
    select
        version.account_id,
        record.customer_id,
        version.role_code,
        case when count(*) = count(version.from_date) then min(version.from_date) end as from_date,
        case when count(*) = count(version.until_date) then max(version.until_date) end as until_date,
        max(version.received_date) as received_date
    from versions as version
    inner join {{ ref('int_customer_records_linked') }} as record
        on version.source_code = record.source_code and version.source_customer_id = record.source_customer_id
    where version.version_rank = 1
    group by version.account_id, record.customer_id, version.role_code
),

held as (
    select
        rights.*,
        least(
            {{ business_date() }},
            max(coalesce(until_date, {{ business_date() }})) over (partition by account_id)
        ) as last_held_date
    from rights
)

select
    account_id,
    customer_id,
    role_code,
    from_date,
    until_date,
    received_date,
    coalesce(from_date, last_held_date) <= last_held_date
    and coalesce(until_date, last_held_date) >= last_held_date as is_current
from held
