-- U2: what the customer stated, else the channel he used most in the last 12 months (ties in the codes' order)
{%- set channels = ['branch', 'self_service', 'phone', 'web', 'mobile', 'card'] %}
with

uses as (
    {%- for channel in channels %}
    select
        customer_id,
        '{{ channel }}' as channel_code,
        {{ channel }}_channel_count_12m as use_count
    from {{ ref('customer_activity_months') }}
    where month_number = {{ month_number(business_date()) }} and {{ channel }}_channel_count_12m > 0
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

ranked as (
    select
        uses.customer_id,
        uses.channel_code,
        row_number() over (
            partition by uses.customer_id
            order by uses.use_count desc nulls last, code.rank nulls last, uses.channel_code nulls last
        ) as use_rank
    from uses
    left join {{ ref('current_codes') }} as code
        on code.code_set = 'channel' and uses.channel_code = code.code
)

select
    customer.customer_id,
    coalesce(customer.preferred_channel_code, used.channel_code) as preferred_channel_code,
    case when customer.preferred_channel_code is null then 'used' else 'stated' end as preference_basis_code
from {{ ref('customers') }} as customer
left join ranked as used on customer.customer_id = used.customer_id and used.use_rank = 1
where customer.preferred_channel_code is not null or used.channel_code is not null
