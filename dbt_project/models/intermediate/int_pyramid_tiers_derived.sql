-- T5: loyalty × life-time value of who transacts; who hardly does is inactive, who has no account (any more) a
-- prospect, who never had one a suspect. Breadth does not enter. Missing loyalty counts as low and shows a dash
with

done as (
    select
        customer_id,
        cast(sum(transaction_count) as decimal(18, 0)) as transaction_count
    from {{ ref('customer_months') }}
    where month_number > {{ business_month() }} - {{ policy_count('pyramid_inactive_months') }}
    group by customer_id
),

guarantors as (
    select distinct customer_id
    from {{ ref('group_members') }}
    where group_kind_code = 'guarantor' and role_code = 'guarantor'
),

judged as (
    select
        person.*,
        coalesce(done.transaction_count, 0) as transaction_count,
        worth.lower_bound as value_bound,
        worth.upper_bound as next_value_bound,
        loyal.lower_bound as loyalty_bound,
        loyal.upper_bound as next_loyalty_bound,
        case
            when life.life_cycle_code in ('lost', 'authorised_only') then 'prospect'
            when life.life_cycle_code = 'no_account' and guarantor.customer_id is not null then 'prospect'
            when life.life_cycle_code = 'no_account' then 'suspect'
            when coalesce(done.transaction_count, 0) < {{ policy_value('pyramid_inactive_count') }} then 'inactive'
            when worth.band_code = 'high' and loyal.band_code = 'high' then 'a'
            when worth.band_code = 'high' then 'b'
            when loyal.band_code = 'high' then 'c'
            else 'd'
        end as tier_code
    from {{ ref('int_persons_ranked') }} as person
    inner join {{ ref('customer_life_cycles') }} as life on person.customer_id = life.customer_id
    {{ join_band('pyramid_value', 'person.lifetime_value_position', 'worth') }}
    {{ join_band('pyramid_loyalty', 'coalesce(person.loyalty_score, 0)', 'loyal') }}
    left join done on person.customer_id = done.customer_id
    left join guarantors as guarantor on person.customer_id = guarantor.customer_id
)

select
    customer_id,
    'pyramid' as scheme_code,
    case
        when tier_code in ('prospect', 'suspect') then 'none'
        when tier_code = 'inactive' then 'transaction_count'
        when tier_code = 'b' then 'loyalty_score'
        else 'lifetime_value_position'
    end as measure_code,
    tier_code,
    cast(
        case
            when tier_code in ('prospect', 'suspect') then 0
            when tier_code = 'inactive' then transaction_count
            when tier_code = 'b' then coalesce(loyalty_score, 0)
            else lifetime_value_position
        end
        as decimal(18, 4)
    ) as metric_value,
    cast(
        case when tier_code in ('a', 'c', 'd') then value_bound when tier_code = 'b' then loyalty_bound end
        as decimal(18, 4)
    ) as threshold_value,
    cast(
        case
            when tier_code = 'inactive' then {{ policy_value('pyramid_inactive_count') }}
            when tier_code = 'b' then next_loyalty_bound
            when tier_code in ('c', 'd') then next_value_bound
        end
        as decimal(18, 4)
    ) as next_threshold_value,
    'pyramid.' || tier_code as rule_code,
    case
        when tier_code = 'inactive' then {{ policy_code('pyramid_inactive_months') }}
        when tier_code in ('prospect', 'suspect') then null
        else
            {{ score_text('lifetime_value_position') }} || ' / ' || {{ score_text('loyalty_score') }}
            || ' / ' || cast(lifetime_value_amount as varchar) || ' / ' || retention_method_code
    end as reason_detail
from judged
