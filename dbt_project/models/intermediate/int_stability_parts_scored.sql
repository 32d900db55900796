-- L1 – L8, L10, L11: every part of stability and loyalty, as measured and as scored on the policy's scales
with

responses as (
    select
        customer_id
        {%- for part in ['cooperation', 'feedback'] %},
        cast(
            cast(sum(case when part_code = '{{ part }}' then points end) as decimal(18, 8))
            / nullif(count(case when part_code = '{{ part }}' then 1 end), 0) as decimal(18, 8)
        ) as {{ part }}
        {%- endfor %}
    from {{ ref('int_responses_pointed') }}
    group by customer_id
),

measures as (
    select
        standing.customer_id,
        case when standing.unsettled_record_count > 0 then 0 else standing.grade_score end as credit,
        months.income_volatility,
        months.asset_volatility,
        months.income_growth,
        months.asset_growth as growth,
        product.switching_cost,
        months.price_sensitivity,
        product.duration,
        -- days with business are no measure of who never had an account to do it on
        case when product.customer_id is not null then months.continuity_days end as continuity_days,
        product.continuity_kinds,
        response.cooperation,
        response.feedback,
        product.repeat_purchase,
        coalesce(months.month_end_spike_count, 0) as month_end_spike_count,
        coalesce(months.has_month_end_spike, false) as has_month_end_spike
    from {{ ref('credit_standings') }} as standing
    left join {{ ref('int_customer_windows_measured') }} as months on standing.customer_id = months.customer_id
    left join {{ ref('int_customer_products_measured') }} as product on standing.customer_id = product.customer_id
    left join responses as response on standing.customer_id = response.customer_id
)

select
    customer_id
    {%- for score_code, parts in score_parts().items() %}
    {%- for part in parts %},
    cast({{ part }} as decimal(18, 8)) as {{ part }}_value,
    {{ scaled(part, score_code, part) }} as {{ part }}_score
    {%- endfor %}
    {%- endfor %},
    month_end_spike_count,
    has_month_end_spike
from measures
