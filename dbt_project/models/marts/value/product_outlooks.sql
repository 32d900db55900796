-- C6: 撤退 is a decision on a product: it is a candidate where it brings less than the policy's amount in a month and
-- customers leave it
with

bounds as (
    select
        {{ policy_value('withdrawal_contribution_amount') }} as floor_amount,
        {{ policy_value('withdrawal_decline_share') }} as decline_share
),

trends as (
    select
        compared.*,
        bounds.floor_amount,
        bounds.decline_share,
        cast(compared.recent_amount / nullif(compared.recent_count, 0) as decimal(18, 2)) as month_contribution_amount,
        cast(compared.former_amount / nullif(compared.former_count, 0) as decimal(18, 2))
            as former_month_contribution_amount,
        case
            when
                compared.recent_count = compared.trend_months
                and compared.former_count = compared.trend_months
                and compared.former_customer_count > 0
                then cast(compared.recent_customer_count / compared.former_customer_count - 1 as decimal(18, 8))
        end as customer_change_share
    from {{ ref('int_product_months_compared') }} as compared
    cross join bounds
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
    month.source_code,
    month.product_code,
    month.product_class_code,
    month.contribution_amount,
    month.fixed_cost_amount,
    month.volume_amount,
    month.customer_count,
    month.account_count,
    month.opened_count,
    judged.month_contribution_amount,
    judged.former_month_contribution_amount,
    judged.customer_change_share,
    judged.outlook_code,
    judged.floor_amount,
    judged.decline_share,
    judged.outlook_code = 'falling' and judged.month_contribution_amount < judged.floor_amount as is_withdraw_candidate,
    case
        when judged.outlook_code = 'unknown' then 'withdrawal.new'
        when judged.month_contribution_amount >= judged.floor_amount then 'withdrawal.kept'
        when judged.outlook_code = 'falling' then 'withdrawal.candidate'
        else 'withdrawal.loss'
    end as reason_code,
    case
        when judged.outlook_code = 'unknown' then cast(judged.trend_months + judged.trend_months as varchar)
        else concat_ws(
            ' / ', {{ score_text('judged.customer_change_share') }}, {{ score_text('judged.decline_share') }}
        )
    end as reason_detail,
    judged.month_number
from judged
inner join {{ ref('product_months') }} as month
    on
        judged.source_code = month.source_code
        and judged.product_code = month.product_code
        and judged.month_number = month.month_number
