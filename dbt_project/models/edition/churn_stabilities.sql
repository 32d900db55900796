-- C5: how far what the champion scored tonight lies from what it was judged by, feature by feature and for the score
-- itself; empty where the rule scores
with

policy as (
    select
        {{ policy_value('churn_psi_watch') }} as watch_value,
        {{ policy_value('churn_psi_limit') }} as limit_value,
        {{ policy_count('churn_eligible_count') }} as least_customer_count
)

select
    cast(stability.score_version as text) as score_version,
    cast(stability.part_code as text) as part_code,
    cast(code.name_zh as text) as name_zh,
    cast(code.name_en as text) as name_en,
    cast(stability.psi_value as decimal(18, 8)) as psi_value,
    cast(
        case
            when stability.customer_count < policy.least_customer_count then 'few'
            when stability.psi_value > policy.limit_value then 'moved'
            when stability.psi_value > policy.watch_value then 'watch'
            else 'stable'
        end as text
    ) as state_code,
    cast(policy.watch_value as decimal(18, 8)) as watch_value,
    cast(policy.limit_value as decimal(18, 8)) as limit_value,
    cast(stability.customer_count as bigint) as customer_count,
    {{ business_date() }} as business_date
from {{ ref('stg_churn_model__stabilities') }} as stability
cross join policy
left join {{ ref('current_codes') }} as code
    on stability.part_code = code.code and code.code_set in ('churn_feature', 'churn_part')
where stability._received_date = {{ business_date() }}
