select
    cast(reason.branch_id as text) as branch_id,
    cast(month.last_date as date) as month_end_date,
    cast(reason.loss_reason_code as text) as loss_reason_code,
    cast(code.name_zh as text) as name_zh,
    cast(code.name_en as text) as name_en,
    cast(reason.complaint_count as bigint) as complaint_count,
    cast(reason.exit_count as bigint) as exit_count,
    cast(reason.lost_amount as decimal(18, 2)) as lost_amount,
    cast({{ policy_count('loss_complaint_months') }} as integer) as complaint_month_count,
    cast({{ policy_code('base_currency') }} as text) as currency_code,
    {{ business_date() }} as business_date
from {{ ref('loss_reason_months') }} as reason
inner join {{ ref('months') }} as month on reason.month_number = month.month_number
left join {{ ref('current_codes') }} as code
    on reason.loss_reason_code = code.code and code.code_set = 'loss_reason'
