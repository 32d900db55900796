{#- The families of fees (policy: product_classes), and what a customer's value is made of (V6), in the order in which
    it adds up. -#}
{% macro fee_families() -%}
    {{ return(['settlement', 'cards', 'wealth', 'loans', 'agency']) }}
{%- endmacro %}

{% macro value_amounts() -%}
    {%- set amounts = ['deposit_contribution', 'loan_contribution'] -%}
    {%- for family in fee_families() -%}{%- do amounts.append(family ~ '_fee') -%}{%- endfor -%}
    {{ return(amounts + [
        'fee', 'transaction_cost', 'service_cost', 'privilege_cost', 'variable_cost', 'current_value', 'fixed_cost',
        'allocated_value', 'expected_loss', 'risk_adjusted_value'
    ]) }}
{%- endmacro %}
