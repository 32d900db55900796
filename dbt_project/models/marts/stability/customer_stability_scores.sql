-- L9: the weighted mean of the parts that are known, and what share of the weight they are
with

weighed as (
    select
        part.customer_id,
        part.month_end_spike_count,
        part.has_month_end_spike
        {%- for score_code, parts in score_parts().items() %},
        {%- for part in parts %}
        {{ '+ ' if not loop.first }}coalesce({{ part }}_score, 0) * {{ policy_weight(score_code, part) }}
        {%- endfor %} as {{ score_code }}_points,
        {%- for part in parts %}
        {{ '+ ' if not loop.first }}case
            when {{ part }}_score is null then 0
            else {{ policy_weight(score_code, part) }}
        end
        {%- endfor %} as {{ score_code }}_known_weight,
        {%- for part in parts %}
        {{ '+ ' if not loop.first }}case when {{ part }}_score is null then 1 else 0 end
        {%- endfor %} as {{ score_code }}_missing_count
        {%- endfor %}
    from {{ ref('int_stability_parts_scored') }} as part
)

select
    customer_id
    {%- for score_code in score_parts() %},
    cast(cast({{ score_code }}_points as decimal(18, 8)) / nullif({{ score_code }}_known_weight, 0) as decimal(18, 8))
        as {{ score_code }}_score
    {%- endfor %}
    {%- for score_code in score_parts() %},
    cast({{ score_code }}_missing_count as integer) as {{ score_code }}_missing_count,
    cast({{ score_code }}_known_weight as decimal(18, 8)) as {{ score_code }}_known_weight
    {%- endfor %},
    month_end_spike_count,
    has_month_end_spike
from weighed
