-- V9: recency, frequency and monetary over the policy's window, scored by the share of persons with a strictly
-- worse value (or by the value itself where policy says so): equal values always get equal scores (law 13)
with

cuts as (
    select
        {{ policy_code('rfm_cut_method') }} as cut_method_code,
        {{ policy_weight('rfm', 'recency') }} as recency_weight,
        {{ policy_weight('rfm', 'frequency') }} as frequency_weight,
        {{ policy_weight('rfm', 'monetary') }} as monetary_weight
),

measures as (
    select
        person.customer_id,
        person.month_number,
        cut.cut_method_code,
        {{ days_between('person.last_active_date', 'person.last_date') }} as recency_days,
        cast(person.rfm_transaction_count as decimal(18, 0)) as frequency_count,
        person.rfm_transaction_amount as monetary_amount
    from {{ ref('customer_activity_months') }} as person
    cross join cuts as cut
    where person.month_number = {{ business_month() }} and person.customer_kind_code = 'person'
),

positions as (
    select
        measures.*,
        cast(rank() over (order by recency_days desc nulls first) - 1
            as decimal(18, 8)) as worse_recency_count,
        cast(rank() over (order by frequency_count nulls first) - 1
            as decimal(18, 8)) as worse_frequency_count,
        cast(rank() over (order by monetary_amount nulls first) - 1
            as decimal(18, 8)) as worse_monetary_count,
        cast(count(*) over () as decimal(18, 0)) as person_count
    from measures
),

placed as (
    select
        customer_id,
        month_number,
        recency_days,
        frequency_count,
        monetary_amount,
        case cut_method_code
            when 'share' then worse_recency_count / person_count else -recency_days
        end as recency_position,
        case cut_method_code
            when 'share' then worse_frequency_count / person_count else frequency_count
        end as frequency_position,
        case cut_method_code
            when 'share' then worse_monetary_count / person_count else monetary_amount
        end as monetary_position
    from positions
)

select
    placed.customer_id,
    placed.recency_days,
    placed.frequency_count,
    placed.monetary_amount,
    recency.rank as recency_score,
    frequency.rank as frequency_score,
    monetary.rank as monetary_score,
    cast(
        recency.rank * cut.recency_weight
        + frequency.rank * cut.frequency_weight
        + monetary.rank * cut.monetary_weight
        as decimal(18, 4)
    ) as rfm_score,
    placed.month_number
from placed
cross join cuts as cut
inner join {{ ref('int_month_bands_bounded') }} as recency
    on
        placed.month_number = recency.month_number
        and recency.band_set_code = 'rfm_recency'
        and ((placed.recency_position is null and recency.rank = 1)  -- never active
            or {{ in_band('placed.recency_position', 'recency') }})
inner join {{ ref('int_month_bands_bounded') }} as frequency
    on
        placed.month_number = frequency.month_number
        and frequency.band_set_code = 'rfm_frequency'
        and {{ in_band('placed.frequency_position', 'frequency') }}
inner join {{ ref('int_month_bands_bounded') }} as monetary
    on
        placed.month_number = monetary.month_number
        and monetary.band_set_code = 'rfm_monetary'
        and {{ in_band('placed.monetary_position', 'monetary') }}
