-- T1: what puts a person into the negative class. (a) and (b) only if every open account he holds meets them, shared
-- ones too
with

idle as (
    select
        holder.customer_id,
        min(case when flag.is_inactive_small then 1 else 0 end) = 1 as is_inactive,
        min(case when flag.is_inactive_small or flag.is_idle_card then 1 else 0 end) = 1
        and max(case when flag.is_idle_card then 1 else 0 end) = 1 as is_idle
    from {{ ref('account_idle_flags') }} as flag
    inner join {{ ref('account_holders') }} as holder on flag.account_id = holder.account_id
    where flag.is_open and holder.is_current and (holder.role_weight > 0 or holder.is_primary)
    group by holder.customer_id
),

hits as (
    select
        customer_id,
        'four_classes.inactive' as rule_code
    from idle
    where is_inactive
    union all
    select
        customer_id,
        'four_classes.idle_card' as rule_code
    from idle
    where is_idle
    union all
    select
        customer_id,
        'four_classes.bad_credit' as rule_code
    from {{ ref('credit_standings') }}
    where has_consecutive_bad_records
    union all
    select
        customer_id,
        'four_classes.malicious' as rule_code
    from {{ ref('credit_standings') }}
    where has_malicious_record
)

select
    hit.customer_id,
    hit.rule_code
from hits as hit
inner join {{ ref('int_persons_scoped') }} as person on hit.customer_id = person.customer_id
