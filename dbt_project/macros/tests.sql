{#- The key of a table, over one column or several; of a monthly mart the business month, which tonight replaced. -#}
{% test unique_key(model, columns) %}
select {{ columns | join(', ') }}
from {{ model }}
{%- if 'month_number' in columns %}
where month_number >= {{ business_month() }}
{%- endif %}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}

{#- A list of offenders that should be empty. -#}
{% test no_rows(model) %}
select *
from {{ model }}
{% endtest %}

{#- The shares of a group that add up to more or less than 1. -#}
{% test sums_to_one(model, group, column) %}
select {{ group }}
from {{ model }}
group by {{ group }}
having sum({{ column }}) <> 1
{% endtest %}
