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

{#- What the market pays (the deposit curve) and what the bank posts for term deposits, both at policy's term, one row
    per version; from_date says from when a version counts. -#}
{% macro deposit_rates_of_term(from_date) -%}
    select
        curve_code as key_code,
        true as is_market,
        annual_rate,
        {{ from_date }} as from_date,
        received_date,
        line_number
    from {{ ref('int_transfer_prices_unioned') }}
    where curve_code = 'deposit' and term_days = {{ policy_count('price_gap_term_days') }}
    union all
    select
        rate.source_code || ':' || rate.product_code as key_code,
        false as is_market,
        rate.annual_rate,
        {{ from_date }} as from_date,
        rate.received_date,
        rate.line_number
    from {{ ref('int_product_rates_unioned') }} as rate
    inner join {{ source('policy', 'products') }} as product
        on
            rate.source_code = product.source_code
            and rate.product_code = product.product_code
            and product.product_class_code = 'term_deposit'
            and {{ in_force('product') }}
    where rate.term_days = {{ policy_count('price_gap_term_days') }}
{%- endmacro %}
