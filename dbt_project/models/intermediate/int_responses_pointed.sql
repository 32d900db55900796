-- L7, L8: what a customer answered or said in the policy's window, as last told, in the policy's points; an answer
-- that has none does not count. Nothing is delivered before it happens
with

versions as (
    select
        'cooperation' as part_code,
        'contact' as kind_code,
        source_code,
        source_customer_id,
        source_contact_id as answer_id,
        contact_date as answer_date,
        result_code as answer_code,
        received_date,
        line_number
    from {{ ref('int_contacts_unioned') }}
    where received_date > {{ window_eve('loyalty_window_months') }}
    union all
    select
        'cooperation' as part_code,
        'campaign' as kind_code,
        source_code,
        source_customer_id,
        source_customer_id || ':' || campaign_id as answer_id,
        contacted_date as answer_date,
        response_code as answer_code,
        received_date,
        line_number
    from {{ ref('int_campaign_responses_unioned') }}
    where received_date > {{ window_eve('loyalty_window_months') }}
    union all
    select
        'feedback' as part_code,
        feedback_kind_code as kind_code,
        source_code,
        source_customer_id,
        source_feedback_id as answer_id,
        opened_date as answer_date,
        coalesce(outcome_code, 'open') as answer_code,
        received_date,
        line_number
    from {{ ref('int_feedbacks_unioned') }}
    where received_date > {{ window_eve('loyalty_window_months') }}
),

ranked as (
    select
        versions.*,
        row_number() over (
            partition by part_code, case when part_code = 'cooperation' then kind_code end, source_code, answer_id
            order by received_date desc nulls last, line_number desc nulls last
        ) as version_rank
    from versions
),

points as (
    select
        'cooperation' as part_code,
        response_kind_code as kind_code,
        response_code as answer_code,
        points
    from {{ source('policy', 'response_points') }} as response
    where {{ in_force('response') }}
    union all
    select
        'feedback' as part_code,
        feedback_kind_code as kind_code,
        outcome_code as answer_code,
        points
    from {{ source('policy', 'feedback_points') }} as feedback
    where {{ in_force('feedback') }}
)

select
    record.customer_id,
    ranked.part_code,
    ranked.kind_code,
    ranked.answer_code,
    ranked.answer_date,
    cast(points.points as decimal(18, 8)) as points
from ranked
inner join points
    on
        ranked.part_code = points.part_code
        and ranked.kind_code = points.kind_code
        and ranked.answer_code = points.answer_code
inner join {{ ref('int_customer_records_linked') }} as record
    on ranked.source_code = record.source_code and ranked.source_customer_id = record.source_customer_id
where
    ranked.version_rank = 1
    and ranked.answer_date <= {{ business_date() }}
    and ranked.answer_date > {{ window_eve('loyalty_window_months') }}
