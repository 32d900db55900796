-- C7: who has closed his last account and when, and what he held on average in the month before. No source tells why:
-- the last complaint of the policy's window before it is taken for the reason, else it is unknown
with

closed as (
    select
        holder.customer_id,
        max(account.closed_date) as exit_date
    from {{ ref('account_holders') }} as holder
    inner join {{ ref('accounts') }} as account on holder.account_id = account.account_id
    where holder.role_weight > 0 or holder.is_primary
    group by holder.customer_id
    having count(*) = count(account.closed_date)
),

exits as (
    select
        closed.customer_id,
        closed.exit_date,
        coalesce(customer.branch_id, 'unknown') as branch_id,
        {{ month_number('closed.exit_date') }} as month_number
    from closed
    inner join {{ ref('customers') }} as customer on closed.customer_id = customer.customer_id
    where {{ month_number('closed.exit_date') }} > {{ business_month() }} - {{ policy_count('curve_window_months') }}
),

reasons as (
    select
        exits.customer_id,
        complaint.loss_reason_code,
        row_number() over (
            partition by exits.customer_id
            order by
                complaint.opened_date desc nulls last,
                complaint.source_code asc nulls last,
                complaint.source_feedback_id desc nulls last
        ) as complaint_rank
    from exits
    inner join {{ ref('int_complaints_mapped') }} as complaint
        on
            exits.customer_id = complaint.customer_id
            and complaint.opened_date <= exits.exit_date
            and complaint.opened_date
            > {{ add_months('exits.exit_date', '-' ~ policy_count('loss_complaint_months')) }}
)

select
    exits.customer_id,
    exits.branch_id,
    exits.exit_date,
    coalesce(reason.loss_reason_code, 'unknown') as loss_reason_code,
    cast(coalesce(greatest(month.aum_month_average_amount, 0), 0) as decimal(18, 2)) as lost_amount,
    exits.month_number
from exits
left join reasons as reason on exits.customer_id = reason.customer_id and reason.complaint_rank = 1
left join {{ ref('customer_months') }} as month
    on exits.customer_id = month.customer_id and month.month_number = exits.month_number - 1
