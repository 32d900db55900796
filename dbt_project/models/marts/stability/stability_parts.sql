-- L9: the parts of both scores; what is not known of a customer has neither value nor score
{%- for score_code, parts in score_parts().items() %}
{%- set outer = loop %}
{%- for part in parts %}
select
    customer_id,
    '{{ score_code }}' as score_code,
    '{{ part }}' as part_code,
    {{ part }}_value as raw_value,
    {{ part }}_score as score
from {{ ref('int_stability_parts_scored') }}
{%- if not (outer.last and loop.last) %}
union all
{%- endif %}
{%- endfor %}
{%- endfor %}
