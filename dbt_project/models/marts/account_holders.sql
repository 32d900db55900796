with

versions as (
    select
        source_code,
        source_account_id,
        source_customer_id,
        role_code,
        row_number() over (
            partition by
                source_code,
                source_account_id,
                role_code,
                case role_code when 'owner' then '' else source_customer_id end
            order by received_date desc nulls last, line_number desc nulls last
        ) as version_rank
    from {{ ref('int_account_holders_unioned') }}
)

select
    {{ bank_account_id('version.source_code', 'version.source_account_id') }} as account_id,
    record.customer_id,
    version.role_code
from versions as version
inner join {{ ref('int_customer_records_linked') }} as record
    on version.source_code = record.source_code and version.source_customer_id = record.source_customer_id
where version.version_rank = 1
