-- U2: what the customer stated, else the channel he used most in the last 12 months, transactions and sessions
-- together (ties in the codes' order)
{%- set channels = ['phone', 'web', 'mobile', 'video', 'message'] %}
with

ranked as (
    select
        uses.customer_id,
        uses.channel_code,
        uses.session_count,
        row_number() over (
            partition by uses.customer_id
            order by
                uses.transaction_count + uses.session_count desc nulls last,
                code.rank asc nulls last,
                uses.channel_code asc nulls last
        ) as use_rank
    from {{ ref('channel_uses') }} as uses
    left join {{ ref('current_codes') }} as code
        on code.code_set = 'channel' and uses.channel_code = code.code
),

used as (
    select
        customer_id,
        max(case when use_rank = 1 then channel_code end) as channel_code
        {%- for channel in channels %},
        sum(case when channel_code = '{{ channel }}' then session_count else 0 end) as {{ channel }}_session_count_12m
        {%- endfor %}
    from ranked
    group by customer_id
)

select
    customer.customer_id,
    coalesce(customer.preferred_channel_code, used.channel_code) as preferred_channel_code,
    case
        when customer.preferred_channel_code is not null then 'stated'
        when used.channel_code is not null then 'used'
    end as preference_basis_code
    {%- for channel in channels %},
    cast(coalesce(used.{{ channel }}_session_count_12m, 0) as bigint) as {{ channel }}_session_count_12m
    {%- endfor %}
from {{ ref('customers') }} as customer
left join used on customer.customer_id = used.customer_id
