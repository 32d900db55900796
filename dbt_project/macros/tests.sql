{#- The key of a table, over one column or several. -#}
{% test unique_key(model, columns) %}
select {{ columns | join(', ') }}
from {{ model }}
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
