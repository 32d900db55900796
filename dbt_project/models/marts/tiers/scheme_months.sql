-- T1 to T7, V9: what each scheme's metric says, in one shape; the states come after it
{%- set schemes = [
    'rfm', 'abc', 'aum_level', 'four_classes', 'maintenance_layer', 'pyramid', 'mvc', 'tenure'
] %}
with

schemes as (
    {%- for scheme in schemes %}
    select
        customer_id,
        scheme_code,
        tier_code,
        measure_code,
        metric_value,
        threshold_value,
        next_threshold_value,
        rule_code,
        reason_detail
    from {{ ref('int_' ~ scheme ~ '_tiers_derived') }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    scheme.customer_id,
    scheme.scheme_code,
    scheme.tier_code,
    cast(tier.rank as integer) as tier_rank,
    scheme.measure_code,
    scheme.metric_value,
    scheme.threshold_value,
    scheme.next_threshold_value,
    scheme.rule_code,
    scheme.reason_detail,
    {{ business_month() }} as month_number
from schemes as scheme
left join {{ ref('current_codes') }} as tier
    on tier.code_set = 'tier_' || scheme.scheme_code and scheme.tier_code = tier.code
