select
    record.source_code,
    record.source_customer_id,
    decision.kind_code,
    decision.effective_date,
    decision.decision_id
from {{ source('ops', 'subject_records') }} as record
inner join {{ source('ops', 'subject_decisions') }} as decision on record.decision_id = decision.decision_id
where decision.effective_date <= {{ as_of() }}
