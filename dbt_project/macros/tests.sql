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

{#- A customer's value that is not the sum of its components (V6). -#}
{% test value_adds_up(model) %}
select customer_id
from {{ model }}
where
    month_number >= {{ business_month() }}
    and (
        fee_amount <> {{ fee_families() | join('_fee_amount + ') }}_fee_amount
        or variable_cost_amount <> transaction_cost_amount + service_cost_amount + privilege_cost_amount
        or current_value_amount
        <> deposit_contribution_amount + loan_contribution_amount + fee_amount - variable_cost_amount
        or allocated_value_amount <> current_value_amount - fixed_cost_amount
        or risk_adjusted_value_amount <> current_value_amount - expected_loss_amount
    )
{% endtest %}

{#- An amount of the business month of which the customers have more or less than the accounts brought, to the cent. -#}
{% test adds_up_to_accounts(model) %}
{%- set amounts = [
    'deposit_contribution', 'loan_contribution', 'fee', 'transaction_cost', 'service_cost', 'fixed_cost'
] %}
select 1 as is_different
from
    (
        select
            {%- for amount in amounts %}
            coalesce(sum({{ amount }}_amount), 0) as {{ amount }}_amount{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ ref('account_value_months') }}
        where month_number >= {{ business_month() }}
    ) as account
cross join
    (
        select
            {%- for amount in amounts %}
            coalesce(sum({{ amount }}_amount), 0) as {{ amount }}_amount{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ model }}
        where month_number >= {{ business_month() }}
    ) as customer
where
    {%- for amount in amounts %}
    account.{{ amount }}_amount <> customer.{{ amount }}_amount{{ ' or' if not loop.last }}
    {%- endfor %}
{% endtest %}

{#- A life-time value that is not the sum of its three parts, to the cent (V8). -#}
{% test lifetime_adds_up(model) %}
select customer_id
from {{ model }}
where
    growth_amount <> cross_buy_amount + increment_amount
    or lifetime_value_amount <> realised_amount + present_amount + growth_amount
{% endtest %}

{#- A balance of the business month that no transfer price measures: its account brings nothing (V1, V2). -#}
{% test is_priced(model) %}
select account_id
from {{ model }}
where
    month_number >= {{ business_month() }}
    and (deposit_average_amount <> 0 or loan_average_amount <> 0)
    and transfer_rate is null
{% endtest %}
