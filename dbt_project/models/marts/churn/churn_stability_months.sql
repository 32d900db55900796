-- C5: how far the champion's scores of the month end before lie from those it was judged by. Tonight's are not given
-- yet, and no other night's count: history taken in at once scores at month ends alone
{%- set snapshot_month = '(' ~ business_month() ~ ' - 1)' %}
select
    score_version,
    cast(psi_value as decimal(18, 8)) as psi_value,
    cast(customer_count as bigint) as customer_count,
    cast({{ snapshot_month }} as integer) as snapshot_month_number,
    {{ business_month() }} as month_number
from {{ ref('stg_churn_model__stabilities') }}
where part_code = 'score' and _received_date = {{ month_last_day(snapshot_month) }}
