-- what balances bring is shared among the holders to the cent, what rounding leaves is the primary holder's; fees and
-- costs are the primary holder's
{%- set shared = ['deposit_contribution', 'loan_contribution', 'loan_average'] %}
{%- set own = ['transaction_cost', 'service_cost', 'fixed_cost'] %}
{%- set families = fee_families() %}
with

held as (
    select
        holder.customer_id,
        holder.is_primary,
        holder.holder_share,
        holder.from_month,
        month.*
    from ({{ months_built(ref('account_value_months'), 'int_accounts_reopened') }}) as month
    inner join {{ ref('int_holders_scoped') }} as holder on month.account_id = holder.account_id
),

others as (
    select
        held.*
        {%- for amount in shared %},
        cast(case when is_primary then 0 else {{ amount }}_amount * holder_share end as decimal(18, 2))
            as other_{{ amount }}_amount
        {%- endfor %}
    from held
),

parts as (
    select
        customer_id,
        account_id,
        is_primary,
        from_month,
        fee_family_code
        {%- for amount in shared %},
        case
            when is_primary
                then {{ amount }}_amount - sum(other_{{ amount }}_amount) over (partition by account_id, month_number)
            else other_{{ amount }}_amount
        end as {{ amount }}_amount
        {%- endfor %}
        {%- for amount in ['fee'] + own %},
        case when is_primary then {{ amount }}_amount else 0 end as {{ amount }}_amount
        {%- endfor %},
        month_number
    from others
)

select
    customer_id
    {%- for amount in shared + ['fee'] + own %},
    cast(sum({{ amount }}_amount) as decimal(18, 2)) as {{ amount }}_amount
    {%- endfor %}
    {%- for family in families %},
    cast(sum(case when fee_family_code = '{{ family }}' then fee_amount else 0 end) as decimal(18, 2))
        as {{ family }}_fee_amount
    {%- endfor %},
    month_number
from parts
where month_number >= from_month
group by customer_id, month_number
