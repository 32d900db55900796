-- V12: what those bring whom a customer is linked with or has referred, each of them once and never himself
with

links as (
    select
        member.customer_id,
        other.customer_id as linked_customer_id
    from {{ ref('group_members') }} as member
    inner join {{ ref('group_members') }} as other on member.group_id = other.group_id
    union
    select
        referrer.customer_id,
        referred.customer_id as linked_customer_id
    from {{ ref('int_referrals_unioned') }} as referral
    inner join {{ ref('int_customer_records_linked') }} as referrer
        on
            referral.source_code = referrer.source_code
            and referral.source_customer_id = referrer.source_customer_id
    inner join {{ ref('int_customer_records_linked') }} as referred
        on
            referral.source_code = referred.source_code
            and referral.referred_source_customer_id = referred.source_customer_id
    where referral.referral_date <= {{ business_date() }}
)

select
    link.customer_id,
    cast(sum(value.current_value_12m_amount) as decimal(18, 2)) as linked_value_12m_amount
from links as link
inner join {{ ref('int_customer_values_trailed') }} as value on link.linked_customer_id = value.customer_id
where link.customer_id <> link.linked_customer_id
group by link.customer_id
