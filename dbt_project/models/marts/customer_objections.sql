-- Who asked to be forgotten, or wants no decision taken on him by a machine alone. A decision follows its records,
-- whoever they are one with by now; of several on a record the newest counts. Who is forgotten stays so
with

ranked as (
    select
        decision.*,
        row_number() over (
            partition by source_code, source_customer_id
            order by effective_date desc nulls last, decision_id desc nulls last
        ) as decision_rank
    from {{ ref('stg_subject_decisions') }} as decision
),

stated as (
    select
        record.customer_id,
        max(case when ranked.kind_code = 'forget' then 1 else 0 end) = 1 as is_forgotten,
        max(case when ranked.decision_rank = 1 and ranked.kind_code <> 'opt_in' then 1 else 0 end) = 1 as is_opted_out
    from ranked
    inner join {{ ref('customer_records') }} as record
        on
            ranked.source_code = record.source_code
            and ranked.source_customer_id = record.source_customer_id
    group by record.customer_id
)

select
    customer_id,
    is_forgotten,
    is_opted_out
from stated
where is_forgotten or is_opted_out
