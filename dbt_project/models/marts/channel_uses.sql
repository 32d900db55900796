-- U2: transactions and sessions by channel in the last 12 calendar months, the business month included; a week belongs
-- to the month it ends in, and of a week delivered twice the newest counts; none is delivered before it ends
{%- set channels = ['branch', 'self_service', 'phone', 'web', 'mobile', 'card'] %}
with

weeks as (
    select
        session.*,
        row_number() over (
            partition by source_code, source_customer_id, week_end_date, channel_code
            order by received_date desc nulls last, line_number desc nulls last
        ) as version_rank
    from {{ ref('int_sessions_unioned') }} as session
    where
        week_end_date <= {{ business_date() }}
        and {{ month_number('week_end_date') }} > {{ business_month() }} - 12
        and received_date >= {{ month_first_day(business_month() ~ ' - 11') }}
),

uses as (
    select
        record.customer_id,
        week.channel_code,
        0 as transaction_count,
        week.session_count
    from weeks as week
    inner join {{ ref('int_customer_records_linked') }} as record
        on week.source_code = record.source_code and week.source_customer_id = record.source_customer_id
    where week.version_rank = 1
    {%- for channel in channels %}
    union all
    select
        customer_id,
        '{{ channel }}' as channel_code,
        {{ channel }}_channel_count_12m as transaction_count,
        0 as session_count
    from {{ ref('customer_activity_months') }}
    where month_number = {{ business_month() }} and {{ channel }}_channel_count_12m > 0
    {%- endfor %}
)

select
    customer_id,
    channel_code,
    cast(sum(transaction_count) as bigint) as transaction_count,
    cast(sum(session_count) as bigint) as session_count
from uses
group by customer_id, channel_code
