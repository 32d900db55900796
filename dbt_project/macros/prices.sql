{#- A posted rate or price of a term holds for all longer terms up to the next posted one, and the shortest for all
    shorter ones, too; an account without a term counts as of the longest. Bounds: term_from_days inclusive,
    term_until_days exclusive, null for the longest. -#}
{% macro term_bounds(partition) -%}
    case
        when lag(term_days) over (partition by {{ partition }} order by term_days nulls last) is null then 0
        else term_days
    end as term_from_days,
    lead(term_days) over (partition by {{ partition }} order by term_days nulls last) as term_until_days
{%- endmacro %}

{% macro of_term(term_days, price) -%}
    case
        when {{ term_days }} is null then {{ price }}.term_until_days is null
        else
            {{ term_days }} >= {{ price }}.term_from_days
            and ({{ price }}.term_until_days is null or {{ term_days }} < {{ price }}.term_until_days)
    end
{%- endmacro %}
