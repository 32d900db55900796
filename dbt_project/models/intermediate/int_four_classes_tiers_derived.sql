-- T1: profitability × stability, a person's rules before both. What is missing of stability counts as low; the
-- reason shows a dash for it. The metric is the score that decides what comes next
{%- set bounds = {
    'inactive': ['idle_months', 'idle_balance_amount'],
    'idle_card': ['idle_card_months', 'idle_card_use_count', 'idle_card_spend_amount', 'idle_card_balance_amount'],
} %}
with

judged as (
    select
        person.*,
        profit.band_code as profit_code,
        profit.lower_bound as profit_bound,
        profit.upper_bound as next_profit_bound,
        stable.band_code as stable_code,
        stable.lower_bound as stable_bound,
        stable.upper_bound as next_stable_bound,
        mark.group_text,
        case
            when mark.rule_code is not null then mark.rule_code
            when stable.band_code = 'high' and profit.band_code = 'high' then 'four_classes.vip'
            when stable.band_code = 'high' then 'four_classes.mass'
            when profit.band_code = 'high' then 'four_classes.unstable'
            when person.potential_score >= {{ policy_value('four_classes_promise_share') }} then 'four_classes.promise'
            when mark.group_text is not null then 'four_classes.group'
            else 'four_classes.negative'
        end as rule_code
    from {{ ref('int_persons_ranked') }} as person
    {{ join_band('profitability', 'person.profitability_score', 'profit') }}
    {{ join_band('stability', 'coalesce(person.stability_score, 0)', 'stable') }}
    left join {{ ref('int_persons_marked') }} as mark on person.customer_id = mark.customer_id
)

select
    customer_id,
    'four_classes' as scheme_code,
    case rule_code
        when 'four_classes.unstable' then 'stability_score'
        when 'four_classes.promise' then 'potential_score'
        else 'profitability_score'
    end as measure_code,
    case
        when rule_code = 'four_classes.vip' then 'vip'
        when rule_code = 'four_classes.mass' then 'mass'
        when rule_code in ('four_classes.unstable', 'four_classes.promise', 'four_classes.group') then 'potential'
        else 'negative'
    end as tier_code,
    cast(
        case rule_code
            when 'four_classes.unstable' then coalesce(stability_score, 0)
            when 'four_classes.promise' then potential_score
            else profitability_score
        end
        as decimal(18, 4)
    ) as metric_value,
    cast(
        case rule_code
            when 'four_classes.unstable' then stable_bound
            when 'four_classes.promise' then {{ policy_value('four_classes_promise_share') }}
            when 'four_classes.vip' then profit_bound
            when 'four_classes.mass' then profit_bound
            when 'four_classes.negative' then profit_bound
        end
        as decimal(18, 4)
    ) as threshold_value,
    cast(
        case rule_code
            when 'four_classes.unstable' then next_stable_bound
            when 'four_classes.mass' then next_profit_bound
            when 'four_classes.negative' then next_profit_bound
        end
        as decimal(18, 4)
    ) as next_threshold_value,
    rule_code,
    {{ score_text('profitability_score') }}
    || ' / ' || {{ score_text('stability_score') }}
    || ' / ' || {{ score_text('potential_score') }}
    || case rule_code
        {%- for rule, parameters in bounds.items() %}
        when 'four_classes.{{ rule }}'
            then concat_ws(
                ' / ', ''
                {%- for parameter in parameters %},
                {{ policy_code(parameter) }}
                {%- endfor %}
            )
        {%- endfor %}
        else coalesce(' / ' || group_text, '')
    end as reason_detail
from judged
