-- C7: complaints where they were made, exits where the customer belonged, by branch, month and reason
with

counted as (
    select
        coalesce(complaint.branch_id, customer.branch_id, 'unknown') as branch_id,
        complaint.loss_reason_code,
        1 as complaint_count,
        0 as exit_count,
        cast(0 as decimal(18, 2)) as lost_amount,
        {{ month_number('complaint.opened_date') }} as month_number
    from {{ ref('int_complaints_mapped') }} as complaint
    left join {{ ref('customers') }} as customer on complaint.customer_id = customer.customer_id
    union all
    select
        branch_id,
        loss_reason_code,
        0 as complaint_count,
        1 as exit_count,
        lost_amount,
        month_number
    from {{ ref('int_exits_dated') }}
)

select
    branch_id,
    loss_reason_code,
    sum(complaint_count) as complaint_count,
    sum(exit_count) as exit_count,
    cast(sum(lost_amount) as decimal(18, 2)) as lost_amount,
    month_number
from counted
where month_number > {{ business_month() }} - {{ policy_count('curve_window_months') }}
group by branch_id, loss_reason_code, month_number
