-- C2: what a customer said and heard within a year, as last told: complaints, other feedback, contacts. Nothing is
-- delivered before it happens
with

feedbacks as (
    select
        feedback.*,
        row_number() over (
            partition by source_code, source_feedback_id
            order by received_date desc nulls last, line_number desc nulls last
        ) as version_rank
    from {{ ref('int_feedbacks_unioned') }} as feedback
    where received_date > {{ add_months(business_date(), -12) }}
),

contacts as (
    select
        contact.*,
        row_number() over (
            partition by source_code, source_contact_id
            order by received_date desc nulls last, line_number desc nulls last
        ) as version_rank
    from {{ ref('int_contacts_unioned') }} as contact
    where received_date > {{ add_months(business_date(), -12) }}
),

events as (
    select
        source_code,
        source_customer_id,
        feedback_kind_code as kind_code,
        opened_date as event_date,
        coalesce(closed_date > {{ business_date() }}, true) as is_open,
        coalesce(outcome_code = 'unresolved', false) as is_unresolved
    from feedbacks
    where version_rank = 1
    union all
    select
        source_code,
        source_customer_id,
        'contact' as kind_code,
        contact_date as event_date,
        false as is_open,
        false as is_unresolved
    from contacts
    where version_rank = 1
),

dated as (
    select
        record.customer_id,
        event.*,
        event.event_date > {{ add_days(business_date(), '-' ~ policy_count('churn_recent_days')) }} as is_recent
    from events as event
    inner join {{ ref('int_customer_records_linked') }} as record
        on event.source_code = record.source_code and event.source_customer_id = record.source_customer_id
    where event.event_date <= {{ business_date() }} and event.event_date > {{ add_months(business_date(), -12) }}
)

select
    customer_id,
    cast(sum(case when kind_code = 'complaint' and is_recent then 1 else 0 end) as integer) as complaint_count,
    cast(sum(case when kind_code = 'complaint' and is_open then 1 else 0 end) as integer) as open_complaint_count,
    cast(sum(case when kind_code = 'complaint' and is_unresolved then 1 else 0 end) as integer)
        as unresolved_complaint_count,
    {{ days_between("max(case when kind_code = 'complaint' then event_date end)", business_date()) }}
        as days_since_complaint,
    cast(sum(case when kind_code in ('praise', 'suggestion') and is_recent then 1 else 0 end) as integer)
        as other_feedback_count,
    cast(sum(case when kind_code = 'contact' and is_recent then 1 else 0 end) as integer) as contact_count,
    {{ days_between("max(case when kind_code = 'contact' then event_date end)", business_date()) }}
        as days_since_contact
from dated
group by customer_id
