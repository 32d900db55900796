-- U4: the curve of the last months, the current one up to the business date
select
    cast(month.customer_id as text) as customer_id,
    cast(customer.branch_id as text) as branch_id,
    cast(month.last_date as date) as month_end_date,
    cast(month.deposit_amount as decimal(18, 2)) as deposit_amount,
    cast(month.loan_amount as decimal(18, 2)) as loan_amount,
    cast(month.aum_amount as decimal(18, 2)) as aum_amount,
    cast(month.aum_month_average_amount as decimal(18, 2)) as aum_month_average_amount,
    cast(month.transaction_count as bigint) as transaction_count,
    cast({{ policy_code('base_currency') }} as text) as currency_code,
    {{ business_date() }} as business_date
from {{ ref('customer_months') }} as month
inner join {{ ref('customers') }} as customer on month.customer_id = customer.customer_id
where month.month_number >= {{ business_month() }} - {{ policy_count('curve_window_months') }}
