-- the grade in force on a month's last date: the newest the bank had been told by then, so that no closed month moves
-- by a new one; where a customer's records disagree on a date, the worst counts
with

told as (
    select
        source_code,
        source_customer_id,
        graded_date,
        credit_grade_code,
        {{ told_from('graded_date') }} as from_date,
        received_date,
        line_number
    from {{ ref('int_credit_grades_unioned') }}
),

scoped as (
    select
        record.*,
        month.month_number,
        month.last_date
    from {{ ref('int_customer_records_linked') }} as record
    inner join {{ ref('months') }} as month
        on month.month_number >= {{ business_month() if var('since') else 0 }}
    {%- if var('since') %}
    union all
    select
        record.*,
        month.month_number,
        month.last_date
    from {{ ref('int_customer_records_linked') }} as record
    inner join {{ ref('int_customers_reopened') }} as again on record.customer_id = again.customer_id
    inner join {{ ref('months') }} as month
        on month.month_number >= again.from_month and month.month_number < {{ business_month() }}
    {%- endif %}
),

known as (
    select
        told.credit_grade_code,
        scoped.customer_id,
        scoped.month_number,
        scoped.last_date,
        rank() over (
            partition by scoped.customer_id, scoped.month_number order by told.graded_date desc nulls last
        ) as grade_rank,
        row_number() over (
            partition by told.source_code, told.source_customer_id, told.graded_date, scoped.month_number
            order by told.received_date desc nulls last, told.line_number desc nulls last
        ) as version_rank
    from told
    inner join scoped
        on
            told.source_code = scoped.source_code
            and told.source_customer_id = scoped.source_customer_id
            and told.from_date <= scoped.last_date
            and told.graded_date <= scoped.last_date
)

select
    known.customer_id,
    max(cast(grade.default_probability as decimal(18, 8))) as default_probability,
    known.month_number
from known
inner join {{ source('policy', 'credit_grades') }} as grade
    on known.credit_grade_code = grade.credit_grade_code and {{ in_force('grade', 'known.last_date') }}
where known.grade_rank = 1 and known.version_rank = 1
group by known.customer_id, known.month_number
