-- V1, V2: an account's own rate and term, and since when. The first pricing bears no day of its own: it is that of the
-- opening
with

counted as (
    select
        pricing.*,
        count(annual_rate) over running as rate_number,
        sum(is_term) over running as term_number
    from {{ ref('int_account_pricings_received') }} as pricing
    window
        running as (
            partition by account_id
            order by from_date nulls last, event_rank nulls last, line_number nulls last
            rows between unbounded preceding and current row
        )
),

filled as (
    select
        account_id,
        from_date,
        event_rank,
        line_number,
        term_number,
        max(annual_rate) over (partition by account_id, rate_number) as annual_rate,
        max(case when is_term = 1 and term_days < 0 then 0 when is_term = 1 then term_days end)
            over (partition by account_id, term_number)
            as term_days
    from counted
),

compared as (
    select
        filled.*,
        lag(from_date) over account as former_date,
        lag(annual_rate) over account as former_annual_rate,
        lag(term_number) over account as former_term_number
    from filled
    window
        account as (
            partition by account_id
            order by from_date nulls last, event_rank nulls last, line_number nulls last
        )
),

changed as (
    select
        compared.*,
        lead(from_date) over (
            partition by account_id
            order by from_date nulls last, event_rank nulls last, line_number nulls last
        ) as followed_date
    from compared
    where
        former_date is null
        or annual_rate <> former_annual_rate
        or (former_annual_rate is null and annual_rate is not null)
        or term_number <> former_term_number
)

select
    account_id,
    annual_rate,
    term_days,
    case when former_date is not null then from_date end as priced_date,
    from_date,
    coalesce({{ add_days('followed_date', -1) }}, cast('9999-12-31' as date)) as until_date
from changed
where followed_date is null or from_date < followed_date
