-- a feature of the churn model without words of its own is told by its name (policy: codes, churn_feature)
with

worded as (
    select
        reason_code,
        template_zh,
        template_en
    from {{ source('policy', 'reasons') }} as reason
    where {{ in_force('reason') }}
),

features as (
    select
        'churn.' || feature.code as reason_code,
        replace(worded.template_zh, '{detail}', feature.name_zh) as template_zh,
        replace(worded.template_en, '{detail}', feature.name_en) as template_en
    from {{ ref('current_codes') }} as feature
    inner join worded on worded.reason_code = 'churn.feature'
    where
        feature.code_set = 'churn_feature'
        and 'churn.' || feature.code not in (select named.reason_code from worded as named)
)

select
    cast(reason_code as text) as reason_code,
    cast(template_zh as text) as template_zh,
    cast(template_en as text) as template_en,
    {{ business_date() }} as business_date
from worded
union all
select
    cast(reason_code as text) as reason_code,
    cast(template_zh as text) as template_zh,
    cast(template_en as text) as template_en,
    {{ business_date() }} as business_date
from features
