-- T1 to T7, V9: what each scheme's metric says, in one shape; the states come after it
{%- set schemes = ['rfm', 'abc', 'aum_level'] %}
with

schemes as (
    {%- for scheme in schemes %}
    select * from {{ ref('int_' ~ scheme ~ '_tiers_derived') }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    customer_id,
    scheme_code,
    tier_code,
    tier_rank,
    cast(metric_value as decimal(18, 4)) as metric_value,
    cast(threshold_value as decimal(18, 4)) as threshold_value,
    cast(next_threshold_value as decimal(18, 4)) as next_threshold_value,
    rule_code,
    reason_detail,
    {{ business_month() }} as month_number
from schemes
