-- each holder's part of tonight's balances, to the cent, in the account's currency and in the bank's: what rounding
-- leaves is the primary holder's
{%- set amounts = [
    'balance_amount', 'balance_month_average_amount', 'base_balance_amount', 'base_month_average_amount'
] %}
with

parts as (
    select
        holder.account_id,
        holder.customer_id,
        holder.role_code,
        holder.is_primary
        {%- for amount in amounts %},
        coalesce(month.{{ amount }}, 0) as {{ amount }},
        cast(
            case when holder.is_primary then 0 else coalesce(month.{{ amount }}, 0) * holder.holder_share end
            as decimal(18, 2)
        ) as other_{{ amount }}
        {%- endfor %}
    from {{ ref('account_holders') }} as holder
    left join {{ ref('account_months') }} as month
        on
            holder.account_id = month.account_id
            and month.month_number = {{ business_month() }}
    where holder.is_current
)

select
    account_id,
    customer_id,
    role_code
    {%- for amount in amounts %},
    cast(
        case
            when is_primary then {{ amount }} - sum(other_{{ amount }}) over (partition by account_id)
            else other_{{ amount }}
        end as decimal(18, 2)
    ) as {{ amount }}
    {%- endfor %}
from parts
