-- T13: since the former month end another policy tells a scheme's metric, or how its tiers are held
{%- set columns = {
    'bands': 'band_set_code', 'shares': 'share_set_code', 'score_weights': 'score_code', 'score_scales': 'score_code',
    'parameters': 'parameter_code',
} %}
{%- set month_end = month_last_day(business_month() ~ ' - 1') %}
{%- set has_turned = "((dated.effective_from > " ~ month_end ~ " and dated.effective_from <= " ~ business_date()
    ~ ") or (dated.effective_to >= " ~ month_end ~ " and dated.effective_to < " ~ business_date() ~ "))" %}
with

turned as (
    {%- for scheme, table, beginnings in scheme_policies() %}
    select
        '{{ scheme }}' as scheme_code,
        1 as is_metric
    from {{ source('policy', table) }} as dated
    where
        {{ has_turned }}
        {%- if beginnings %}
        and (
            {%- for beginning in beginnings %}
            substr(dated.{{ columns[table] }} || '_', 1, {{ beginning | length + 1 }}) = '{{ beginning }}_'
            {{ 'or ' if not loop.last }}
            {%- endfor %}
        )
        {%- endif %}
    union all
    {%- endfor %}
    select
        dated.scheme_code,
        0 as is_metric
    from {{ source('policy', 'tier_schemes') }} as dated
    where {{ has_turned }}
    union all
    select
        scheme.scheme_code,
        0 as is_metric
    from {{ source('policy', 'tier_presets') }} as dated
    inner join {{ source('policy', 'tier_schemes') }} as scheme
        on dated.preset_code = scheme.preset_code and {{ in_force('scheme') }}
    where {{ has_turned }}
)

select
    scheme_code,
    max(is_metric) = 1 as has_metric_turned,
    min(is_metric) = 0 as has_preset_turned
from turned
group by scheme_code
