{#- birth_number is yymmdd, with 50 added to the month for women. -#}
{% macro berka_sex(birth_number) -%}
    case
        when {{ matches(birth_number, '^[0-9]{6}$') }}
            then case when substr({{ birth_number }}, 3, 2) > '50' then 'female' else 'male' end
    end
{%- endmacro %}

{#- The day of birth as text yyyy-mm-dd; everybody was born in the nineteen-hundreds. -#}
{% macro berka_birth_day(birth_number) -%}
    ('19' || substr({{ birth_number }}, 1, 2) || '-'
    || case
        when substr({{ birth_number }}, 3, 1) > '4'
            then chr(ascii(substr({{ birth_number }}, 3, 1)) - 5)
        else substr({{ birth_number }}, 3, 1)
    end
    || substr({{ birth_number }}, 4, 1) || '-' || substr({{ birth_number }}, 5, 2))
{%- endmacro %}
