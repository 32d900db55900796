-- C2: what any system was told anew of a customer lately; what it has said from the first is no change
{%- set changes = {
    'relocation': ['region_name', 'address_text'], 'phone': ['phone_number'], 'branch': ['branch_id']
} %}
with

dated as (
    select
        customer_id
        {%- for change, attributes in changes.items() %},
        greatest(
            {%- for attribute in attributes %}
            case
                when {{ attribute }} is not null and {{ attribute }}_as_of_date > first_received_date
                    then {{ attribute }}_as_of_date
            end{{ ',' if not loop.last }}
            {%- endfor %}
        ) as {{ change }}_date
        {%- endfor %}
    from {{ ref('customer_records') }}
)

select
    customer_id
    {%- for change in changes %},
    max(case
        when {{ change }}_date > {{ add_days(business_date(), '-' ~ policy_count('churn_recent_days')) }} then 1
        else 0
    end) as has_new_{{ change }}
    {%- endfor %},
    {{ days_between('max(relocation_date)', business_date()) }} as days_since_relocation
from dated
group by customer_id
