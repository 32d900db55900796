-- C6: 撤退 is a decision on a product: the months of the policy's window up to each, held against as many before. A
-- product is a candidate where it brings less than the policy's amount in a month and customers leave it
with

windows as (
    select
        month.source_code,
        month.product_code,
        month.month_number,
        count(case when former.month_number > month.month_number - trend.trend_months then 1 end) as recent_count,
        count(case when former.month_number <= month.month_number - trend.trend_months then 1 end) as former_count,
        {%- for measure in ['contribution_amount', 'customer_count'] %}
        cast(sum(
            case when former.month_number > month.month_number - trend.trend_months then former.{{ measure }} else 0 end
        ) as decimal(18, 2)) as recent_{{ measure }},
        cast(sum(
            case when former.month_number <= month.month_number - trend.trend_months then former.{{ measure }} else 0 end
        ) as decimal(18, 2)) as former_{{ measure }},
        {%- endfor %}
        trend.trend_months
    from {{ ref('product_months') }} as month
    cross join (select {{ policy_count('withdrawal_trend_months') }} as trend_months) as trend
    inner join {{ ref('product_months') }} as former
        on
            month.source_code = former.source_code
            and month.product_code = former.product_code
            and former.month_number <= month.month_number
            and former.month_number > month.month_number - trend.trend_months - trend.trend_months
    where month.month_number > {{ business_month() }} - {{ policy_count('curve_window_months') }}
    group by month.source_code, month.product_code, month.month_number, trend.trend_months
),

trends as (
    select
        windows.*,
        cast(recent_contribution_amount / nullif(recent_count, 0) as decimal(18, 2)) as month_contribution_amount,
        cast(former_contribution_amount / nullif(former_count, 0) as decimal(18, 2)) as former_month_contribution_amount,
        case
            when recent_count = trend_months and former_count = trend_months and former_customer_count > 0
                then cast(recent_customer_count / former_customer_count - 1 as decimal(18, 8))
        end as customer_change_share,
        {{ policy_value('withdrawal_contribution_amount') }} as floor_amount,
        {{ policy_value('withdrawal_decline_share') }} as decline_share
    from windows
),

judged as (
    select
        trends.*,
        case
            when customer_change_share is null then 'unknown'
            when customer_change_share <= -decline_share then 'falling'
            when customer_change_share >= decline_share then 'rising'
            else 'steady'
        end as outlook_code
    from trends
)

select
    month.*,
    judged.month_contribution_amount,
    judged.former_month_contribution_amount,
    judged.customer_change_share,
    judged.outlook_code,
    judged.floor_amount,
    judged.outlook_code = 'falling' and judged.month_contribution_amount < judged.floor_amount as is_withdraw_candidate,
    case
        when judged.outlook_code = 'unknown' then 'withdrawal.new'
        when judged.month_contribution_amount >= judged.floor_amount then 'withdrawal.kept'
        when judged.outlook_code = 'falling' then 'withdrawal.candidate'
        else 'withdrawal.loss'
    end as reason_code,
    case
        when judged.outlook_code = 'unknown' then cast(judged.trend_months + judged.trend_months as varchar)
        else concat_ws(' / ', {{ score_text('judged.customer_change_share') }}, {{ score_text('judged.decline_share') }})
    end as reason_detail
from judged
inner join {{ ref('product_months') }} as month
    on
        judged.source_code = month.source_code
        and judged.product_code = month.product_code
        and judged.month_number = month.month_number
