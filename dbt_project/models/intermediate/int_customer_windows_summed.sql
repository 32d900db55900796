-- L2, L4, L6, L11 and 时点冲量: what the trailing full months of a customer come to, in one pass over them
with

windows as (
    select
        {{ last_full_month() }} as last_month,
        {{ policy_count('life_cycle_trend_months') }} as trend_months,
        {{ policy_count('stability_window_months') }} as stability_months,
        {{ policy_count('loyalty_window_months') }} as loyalty_months
),

aged as (
    select
        month.customer_id,
        month.month_number,
        month.income_amount,
        month.active_day_count,
        month.aum_amount,
        month.aum_month_average_amount as average_amount,
        month.aum_month_average_amount - month.market_month_average_amount as steady_amount,
        price_gap.eve_month_number,
        price_gap.last_month_number,
        windows.last_month - month.month_number < windows.stability_months as is_stability,
        windows.last_month - month.month_number < windows.loyalty_months as is_loyalty,
        windows.last_month - month.month_number between 1 and windows.stability_months as is_followed,
        windows.last_month - month.month_number < windows.trend_months as is_recent,
        windows.last_month - month.month_number
        between windows.trend_months and windows.trend_months + windows.trend_months - 1 as is_former
    from {{ ref('customer_months') }} as month
    cross join windows
    left join {{ ref('int_price_gaps_derived') }} as price_gap on month.month_number <= price_gap.last_month_number
    where
        month.month_number <= {{ last_full_month() }}
        and month.month_number >= {{ last_full_month() }} - greatest(
            {{ policy_count('stability_window_months') }},
            {{ policy_count('loyalty_window_months') }},
            {{ policy_count('life_cycle_trend_months') }} + {{ policy_count('life_cycle_trend_months') }}
        )
),

placed as (
    select
        aged.*,
        lead(average_amount) over (
            partition by customer_id
            order by month_number nulls last
        ) as next_average_amount
        {%- for measure in ['income', 'average'] %},
        cast(
            cast(sum(case when is_stability then {{ measure }}_amount end) over (partition by customer_id)
                as decimal(18, 2))
            / nullif(count(case when is_stability then 1 end) over (partition by customer_id), 0) as decimal(18, 2)
        ) as {{ measure }}_mean
        {%- endfor %}
    from aged
)

select
    customer_id,
    count(case when is_stability then 1 end) as stability_count,
    count(case when is_loyalty then 1 end) as loyalty_count,
    count(case when is_recent or is_former then 1 end) as trend_count,
    count(case
        when
            is_followed
            and aum_amount - average_amount >= {{ policy_value('spike_excess_amount') }}
            and aum_amount >= average_amount * (1 + {{ policy_value('spike_excess_share') }})
            and next_average_amount + next_average_amount < aum_amount + average_amount
            then 1
    end) as month_end_spike_count,
    sum(case when is_loyalty then active_day_count else 0 end) as active_day_count,
    {%- for measure in ['income', 'average'] %}
    cast(sum(case when is_stability then abs({{ measure }}_amount - {{ measure }}_mean) end) as decimal(18, 2))
        as {{ measure }}_deviation_amount,
    {%- for window in ['stability', 'recent', 'former'] %}
    cast(sum(case when is_{{ window }} then {{ measure }}_amount end) as decimal(18, 2))
        as {{ measure }}_{{ window }}_amount,
    {%- endfor %}
    {%- endfor %}
    cast(max(case when month_number = eve_month_number then steady_amount end) as decimal(18, 2)) as eve_amount,
    cast(max(case when month_number = last_month_number then steady_amount end) as decimal(18, 2)) as kept_amount
from placed
group by customer_id
