select
    account_id,
    min(from_month) as from_month
from {{ ref('int_holders_scoped') }}
where from_month < {{ business_month() }}
group by account_id
