-- what is done on an account is its primary holder's. A deposit is debited with what leaves it; an order is booked as
-- its payer's, so a debit is what comes into an investment
{%- set measures = ['transaction_count', 'transaction_amount', 'income_amount', 'salary_amount'] %}
{%- do measures.append('own_transfer_out_amount') %}
{%- set channels = ['branch', 'self_service', 'phone', 'web', 'mobile', 'card'] %}
{%- for channel in channels %}
{%- do measures.append(channel ~ '_channel_count') %}
{%- endfor %}
with

done as (
    select
        holder.customer_id,
        class.family_code,
        case when class.is_market_priced then class.aum_weight else 0 end as market_weight,
        case when class.family_code = 'deposit' then class.aum_weight else -class.aum_weight end as outflow_weight,
        month.*
    from ({{ months_built(ref('account_activity_months'), 'int_accounts_reopened') }}) as month
    inner join {{ ref('int_holders_scoped') }} as holder
        on month.account_id = holder.account_id and month.month_number >= holder.from_month and holder.is_primary
    left join {{ ref('int_month_products_classed') }} as class
        on
            month.month_number = class.month_number
            and holder.source_code = class.source_code
            and holder.product_code = class.product_code
)

select
    customer_id,
    {%- for measure in measures %}
    sum({{ measure }}) as {{ measure }},
    {%- endfor %}
    bit_or(active_day_bits) as active_day_bits,
    sum(case when family_code = 'card' then spend_count else 0 end) as card_spend_count,
    sum(case when family_code = 'card' then spend_amount else 0 end) as card_spend_amount,
    cast(sum(net_outflow_amount * coalesce(outflow_weight, 0)) as decimal(18, 2)) as net_outflow_amount,
    {%- for side in ['ahead', 'behind'] %}
    cast(sum(flow_{{ side }}_amount * market_weight) as decimal(18, 2)) as market_flow_{{ side }}_amount,
    {%- endfor %}
    max(last_active_date) as last_active_date,
    month_number
from done
group by customer_id, month_number
