-- C7: complaints as last told, each under the reason for leaving that its topic stands for (policy)
with

versions as (
    select
        feedback.*,
        row_number() over (
            partition by source_code, source_feedback_id
            order by received_date desc nulls last, line_number desc nulls last
        ) as version_rank
    from {{ ref('int_feedbacks_unioned') }} as feedback
    where
        received_date > {{ add_months(
            business_date(),
            '-(' ~ policy_count('curve_window_months') ~ ' + ' ~ policy_count('loss_complaint_months') ~ ')'
        ) }}
)

select
    record.customer_id,
    version.source_code,
    version.source_feedback_id,
    version.branch_id,
    version.opened_date,
    case
        when version.category_code is null then 'unknown'
        else coalesce(topic.loss_reason_code, 'other')
    end as loss_reason_code
from versions as version
left join {{ ref('int_customer_records_linked') }} as record
    on version.source_code = record.source_code and version.source_customer_id = record.source_customer_id
left join {{ source('policy', 'loss_reason_topics') }} as topic
    on version.category_code = topic.category_code and {{ in_force('topic') }}
where
    version.version_rank = 1
    and version.feedback_kind_code = 'complaint'
    and version.opened_date <= {{ business_date() }}
