-- L1, T1 (c) (d): the newest grade of all a customer's records, the worst where they disagree, and his bad records
with

grades as (
    select
        record.customer_id,
        graded.credit_grade_code,
        cast(grade.score as decimal(18, 8)) as grade_score,
        row_number() over (
            partition by record.customer_id
            order by graded.graded_date desc nulls last, grade.rank asc nulls last
        ) as grade_rank
    from (
        select
            version.*,
            max(received_date) over (partition by source_code, source_customer_id, graded_date) as last_received_date
        from {{ ref('int_credit_grades_unioned') }} as version
        where graded_date <= {{ business_date() }}
    ) as graded
    inner join {{ source('policy', 'credit_grades') }} as grade
        on graded.credit_grade_code = grade.credit_grade_code and {{ in_force('grade') }}
    inner join {{ ref('int_customer_records_linked') }} as record
        on graded.source_code = record.source_code and graded.source_customer_id = record.source_customer_id
    where graded.received_date = graded.last_received_date
),

events as (
    select
        coalesce(record.customer_id, account.customer_id) as customer_id,
        event.source_code,
        event.source_event_id,
        event.event_date,
        kind.is_malicious,
        coalesce(event.settled_date > {{ business_date() }}, true) as is_unsettled,
        {{ add_months('event.event_date', policy_count('bad_credit_window_months')) }} as until_date
    from (
        select
            version.*,
            row_number() over (
                partition by source_code, source_event_id
                order by received_date desc nulls last, line_number desc nulls last
            ) as version_rank
        from {{ ref('int_credit_events_unioned') }} as version
    ) as event
    inner join {{ source('policy', 'credit_event_types') }} as kind
        on event.event_type_code = kind.event_type_code and kind.is_bad_record and {{ in_force('kind') }}
    left join {{ ref('int_customer_records_linked') }} as record
        on event.source_code = record.source_code and event.source_customer_id = record.source_customer_id
    left join {{ ref('accounts') }} as account
        on {{ bank_account_id('event.source_code', 'event.source_account_id') }} = account.account_id
    where event.version_rank = 1 and event.event_date <= {{ business_date() }}
),

-- consecutive: the later began within the window of the former
followed as (
    select
        events.*,
        lag(until_date) over (
            partition by customer_id
            order by event_date nulls last, source_code nulls last, source_event_id nulls last
        ) as former_until_date
    from events
),

records as (
    select
        customer_id,
        count(*) as bad_record_count,
        sum(case when is_unsettled then 1 else 0 end) as unsettled_record_count,
        max(case when is_malicious then 1 else 0 end) = 1 as has_malicious_record,
        max(case when event_date <= former_until_date then 1 else 0 end) = 1 as has_consecutive_bad_records,
        max(case when is_unsettled or until_date >= {{ business_date() }} then 1 else 0 end) = 1 as has_live_record
    from followed
    group by customer_id
)

select
    customer.customer_id,
    grade.credit_grade_code,
    grade.grade_score,
    cast(coalesce(record.bad_record_count, 0) as integer) as bad_record_count,
    coalesce(record.has_consecutive_bad_records, false) as has_consecutive_bad_records,
    coalesce(record.has_malicious_record, false) as has_malicious_record,
    not coalesce(record.has_malicious_record, false)
    and not coalesce(record.has_live_record, false)
    and coalesce(grade.grade_score >= {{ policy_value('good_credit_score') }}, true) as is_good_credit,
    cast(coalesce(record.unsettled_record_count, 0) as integer) as unsettled_record_count
from {{ ref('customers') }} as customer
left join grades as grade on customer.customer_id = grade.customer_id and grade.grade_rank = 1
left join records as record on customer.customer_id = record.customer_id
