{#- T12: one month's step of the tiers held. The month begins with what the former one brought; what its close brings
    about is decided by the policy of its end: whether the metric is below the held tier, for how many months in a row,
    and what follows from that. A month that is not closed changes nothing. -#}
{% macro tier_step(states, ranked) -%}
    select
        customer_id,
        branch_id,
        scheme_code,
        held_rank,
        metric_rank,
        below_count,
        best_below_rank,
        case when is_closed and metric_rank >= held_rank then 'current' else state_code end as state_code,
        case when held_rank = former_rank and begun_rank = former_rank then since_month else month_number end as since_month,
        case
            when upgrade_code = 'next_month' and metric_rank > held_rank then metric_rank
            when below_count < limit_months + watch_months then held_rank
            when downgrade_code = 'best' then best_below_rank
            else metric_rank
        end as next_rank,
        case
            when below_count >= limit_months and below_count < limit_months + watch_months then 'watch'
            else 'current'
        end as next_state_code,
        month_number
    from (
        select
            opened.*,
            case when held_rank >= private_from_rank then private_below_months else below_months end as limit_months,
            case
                when not is_closed then former_below_count
                when metric_rank < held_rank then former_below_count + 1
                else 0
            end as below_count,
            case
                when not is_closed then former_best_rank
                when metric_rank < held_rank then greatest(former_best_rank, metric_rank)
            end as best_below_rank
        from (
            select
                month.*,
                former.held_rank as former_rank,
                former.next_rank as begun_rank,
                former.since_month,
                former.next_state_code as state_code,
                case when former.next_rank = former.held_rank then former.below_count else 0 end as former_below_count,
                case when former.next_rank = former.held_rank then former.best_below_rank end as former_best_rank,
                case
                    when month.is_closed and month.upgrade_code = 'at_once'
                        then greatest(month.metric_rank, least(former.next_rank, month.top_rank))
                    else least(former.next_rank, month.top_rank)
                end as held_rank
            from {{ states }} as former
            inner join {{ ranked }} as month
                on
                    former.customer_id = month.customer_id
                    and former.scheme_code = month.scheme_code
                    and former.month_number + 1 = month.month_number
        ) as opened
    ) as counted
{%- endmacro %}

{#- Scheme → table of policy → the rows that decide what its metric says, by the beginnings of their codes (no code ends
    within a word), or all rows. What moves a customer's value itself, as prices and costs do, is no policy of tiers. -#}
{% macro scheme_policies() -%}
    {%- set values = [
        ('rfm', 'bands', ['rfm']),
        ('rfm', 'score_weights', ['rfm']),
        ('rfm', 'parameters', ['rfm']),
        ('abc', 'shares', ['abc']),
        ('abc', 'parameters', ['abc']),
        ('aum_level', 'bands', ['aum_level']),
        ('four_classes', 'bands', ['profitability', 'stability']),
        ('four_classes', 'score_weights', ['profitability', 'stability', 'potential']),
        ('four_classes', 'score_scales', ['stability']),
        ('four_classes', 'parameters', [
            'four_classes', 'idle', 'group', 'potential', 'bad_credit', 'good_credit', 'stability', 'volatility',
        ]),
        ('four_classes', 'potential_groups', []),
        ('four_classes', 'credit_event_types', []),
        ('four_classes', 'credit_grades', []),
        ('maintenance_layer', 'bands', ['maintenance_layer']),
        ('maintenance_layer', 'parameters', ['layer', 'scope']),
        ('maintenance_layer', 'scope_products', []),
        ('pyramid', 'bands', ['pyramid']),
        ('pyramid', 'score_weights', ['loyalty']),
        ('pyramid', 'score_scales', ['loyalty']),
        ('pyramid', 'parameters', ['pyramid', 'lifetime', 'cross_buy', 'loyalty', 'price_gap', 'repeat_purchase']),
        ('pyramid', 'feedback_points', []),
        ('pyramid', 'response_points', []),
        ('pyramid', 'cross_buys', []),
        ('mvc', 'bands', ['mvc']),
        ('mvc', 'parameters', ['bz', 'lifetime', 'cross_buy']),
        ('mvc', 'cross_buys', []),
        ('tenure', 'bands', ['tenure']),
        ('tenure', 'parameters', ['tenure']),
    ] -%}
    {{ return(values) }}
{%- endmacro %}
