-- T13: what moved the metric. AUM: the former month as it is known now against what was known then (identity or
-- correction), at tonight's weights against its own (policy), the market's part of this month and the rest of the
-- former one, and the customer's for what is left. Other metrics move for one cause; a change without an amount has
-- no parts
with

placed as (
    select
        change.*,
        former.is_identity_changed,
        former.is_corrected,
        coalesce(turned.has_metric_turned, false) as has_turned,
        coalesce(turned.has_preset_turned, false) as has_preset_turned,
        former.average_amount - change.former_metric_value as known_amount,
        coalesce(weight.policy_amount, 0) as weight_amount,
        month.market_month_average_amount - former.market_average_amount
        - coalesce(weight.market_policy_amount, 0)
        - month.market_flow_ahead_amount - former.market_flow_behind_amount as price_amount
    from {{ ref('int_tier_changes_compared') }} as change
    inner join {{ ref('int_former_months_corrected') }} as former on change.customer_id = former.customer_id
    inner join {{ ref('customer_months') }} as month
        on change.customer_id = month.customer_id and month.month_number = {{ business_month() }}
    left join {{ ref('int_weight_effects_summed') }} as weight on change.customer_id = weight.customer_id
    left join {{ ref('int_schemes_turned') }} as turned on change.scheme_code = turned.scheme_code
),

caused as (
    select
        placed.*,
        case
            when scheme_code = 'aum_level' then 'aum'
            when is_identity_changed then 'identity'
            when is_corrected then 'correction'
            when has_turned then 'policy'
            else 'customer_flow'
        end as one_cause_code
    from placed
),

known as (
    select
        caused.*,
        case one_cause_code when 'aum' then price_amount else 0 end as market_price_amount,
        case
            when one_cause_code = 'aum' then weight_amount
            when one_cause_code = 'policy' then change_amount
            else 0
        end as policy_amount,
        case
            when one_cause_code = 'aum' and is_identity_changed then known_amount
            when one_cause_code = 'identity' then change_amount
            else 0
        end as identity_amount,
        case
            when one_cause_code = 'aum' and not is_identity_changed then known_amount
            when one_cause_code = 'correction' then change_amount
            else 0
        end as correction_amount
    from caused
)

select
    customer_id,
    scheme_code,
    one_cause_code,
    has_turned,
    has_preset_turned,
    cast(
        change_amount - market_price_amount - policy_amount - identity_amount - correction_amount as decimal(18, 4)
    ) as customer_flow_amount,
    {%- for cause in ['market_price', 'policy', 'identity', 'correction'] %}
    cast(case when change_amount is not null then {{ cause }}_amount end as decimal(18, 4))
        as {{ cause }}_amount{{ ',' if not loop.last }}
    {%- endfor %}
from known
