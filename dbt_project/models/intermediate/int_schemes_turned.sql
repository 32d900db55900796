-- a scheme's own rows carry its code, those of its parts begin with it
{%- set month_end = month_last_day(business_month() ~ ' - 1') %}
with

turned as (
    {%- for table, column in [
        ('bands', 'band_set_code'), ('shares', 'share_set_code'), ('score_weights', 'score_code')
    ] %}
    select dated.{{ column }} as set_code
    from {{ source('policy', table) }} as dated
    where
        (dated.effective_from > {{ month_end }} and dated.effective_from <= {{ business_date() }})
        or (dated.effective_to >= {{ month_end }} and dated.effective_to < {{ business_date() }})
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select distinct scheme.scheme_code
from {{ source('policy', 'tier_schemes') }} as scheme
inner join turned
    on
        turned.set_code = scheme.scheme_code
        or substr(turned.set_code, 1, length(scheme.scheme_code) + 1) = scheme.scheme_code || '_'
