-- V7: what a customer does for the bank beside his business in the policy's window: brings others, suggests, complains
-- so that something came of it. It is shown, not summed
with

referrals as (
    select
        record.customer_id,
        count(distinct referral.referred_source_customer_id) as referral_count
    from {{ ref('int_referrals_unioned') }} as referral
    inner join {{ ref('int_customer_records_linked') }} as record
        on
            referral.source_code = record.source_code
            and referral.source_customer_id = record.source_customer_id
    where
        referral.referral_date <= {{ business_date() }}
        and referral.referral_date > {{ window_eve('loyalty_window_months') }}
    group by record.customer_id
),

feedbacks as (
    select
        customer_id,
        sum(case when kind_code = 'suggestion' then 1 else 0 end) as suggestion_count,
        sum(case when kind_code = 'complaint' and answer_code = 'resolved' then 1 else 0 end) as useful_complaint_count
    from {{ ref('int_responses_pointed') }}
    where part_code = 'feedback'
    group by customer_id
)

select
    coalesce(referral.customer_id, feedback.customer_id) as customer_id,
    cast(coalesce(referral.referral_count, 0) as integer) as referral_count,
    cast(coalesce(feedback.suggestion_count, 0) as integer) as suggestion_count,
    cast(coalesce(feedback.useful_complaint_count, 0) as integer) as useful_complaint_count
from referrals as referral
full join feedbacks as feedback on referral.customer_id = feedback.customer_id
