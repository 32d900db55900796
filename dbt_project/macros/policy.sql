{#- Policy is data: a model asks for a number by name, as of the business date or of a day of its own. -#}
{% macro policy_code(parameter_code, at=none) -%}
    (
        select parameter.value
        from {{ source('policy', 'parameters') }} as parameter
        where parameter.parameter_code = '{{ parameter_code }}' and {{ in_force('parameter', at) }}
    )
{%- endmacro %}

{% macro policy_value(parameter_code, at=none) -%}
    cast({{ policy_code(parameter_code, at) }} as decimal(18, 8))
{%- endmacro %}

{% macro policy_count(parameter_code, at=none) -%}
    cast({{ policy_code(parameter_code, at) }} as integer)
{%- endmacro %}

{#- The weight of a part in a score. -#}
{% macro policy_weight(score_code, part_code) -%}
    cast((
        select score_weight.weight
        from {{ source('policy', 'score_weights') }} as score_weight
        where
            score_weight.score_code = '{{ score_code }}'
            and score_weight.part_code = '{{ part_code }}'
            and {{ in_force('score_weight') }}
    ) as decimal(18, 8))
{%- endmacro %}

{#- Whether a dated policy row holds on a day. -#}
{% macro in_force(alias, at=none) -%}
    {{ alias }}.effective_from <= {{ at or business_date() }}
    and ({{ alias }}.effective_to is null or {{ alias }}.effective_to >= {{ at or business_date() }})
{%- endmacro %}

{#- Whether a metric falls into a bounded band (int_month_bands_bounded). -#}
{% macro in_band(metric, band) -%}
    (
        {{ band }}.lower_bound is null
        or {{ metric }} > {{ band }}.lower_bound
        or ({{ band }}.lower_inclusive and {{ metric }} = {{ band }}.lower_bound)
    )
    and (
        {{ band }}.upper_bound is null
        or {{ metric }} < {{ band }}.upper_bound
        or ({{ band }}.upper_inclusive and {{ metric }} = {{ band }}.upper_bound)
    )
{%- endmacro %}

{#- The band of a set that a person's metric falls into, by the branch he belongs to (int_branch_bands_scoped). -#}
{% macro join_band(band_set_code, metric, band="band", kind="inner") -%}
{{ kind }} join {{ ref("int_branch_bands_scoped") }} as {{ band }}
    on
        person.branch_id = {{ band }}.branch_id
        and {{ band }}.band_set_code = '{{ band_set_code }}'
        and {{ in_band(metric, band) }}
{%- endmacro %}

{#- A score as reasons show it, with four places; a dash where it is missing. -#}
{% macro score_text(score) -%}
    coalesce(cast(cast({{ score }} as decimal(18, 4)) as varchar), '-')
{%- endmacro %}
