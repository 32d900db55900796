with

versions as (
    select
        version.*,
        min(received_date) over (partition by source_code, source_customer_id) as first_received_date,
        row_number() over (
            partition by source_code, source_customer_id
            order by received_date desc nulls last, line_number desc nulls last
        ) as version_rank
    from {{ ref('int_customer_versions_unioned') }} as version
),

links as (
    select
        link.*,
        row_number() over (
            partition by source_code, source_customer_id
            order by changed_date desc nulls last
        ) as link_rank
    from {{ ref('stg_identity__links') }} as link
    where link.changed_date <= {{ business_date() }}
)

select
    link.customer_id,
    version.source_code,
    version.source_customer_id,
    version.customer_kind_code,
    version.full_name,
    version.identity_type_code,
    version.identity_number,
    version.birth_date,
    version.sex_code,
    version.phone_number,
    version.email_address,
    version.region_name,
    version.occupation_code,
    version.branch_id,
    version.since_date,
    version.first_received_date,
    link.rule_code,
    link.changed_date as linked_date,
    survivorship.priority
from versions as version
inner join links as link
    on
        version.source_code = link.source_code
        and version.source_customer_id = link.source_customer_id
        and link.link_rank = 1
left join {{ source('policy', 'survivorship') }} as survivorship
    on version.source_code = survivorship.source_code and {{ in_force('survivorship') }}
where version.version_rank = 1
