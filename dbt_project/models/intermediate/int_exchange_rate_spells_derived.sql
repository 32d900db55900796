-- a rate holds from its day until the day before the next one, the first for all days before; one unit of the base
-- currency is always one. None is needed that ended before the months that tonight builds
with

versions as (
    select
        currency_code,
        rate_date,
        base_rate,
        row_number() over (
            partition by currency_code, rate_date
            order by received_date desc nulls last, line_number desc nulls last
        ) as version_rank
    from {{ ref('int_exchange_rates_unioned') }}
    where rate_date <= {{ business_date() }}
),

followed as (
    select
        currency_code,
        rate_date,
        base_rate,
        lag(rate_date) over of_currency as former_date,
        lead(rate_date) over of_currency as followed_date
    from versions
    where version_rank = 1
    window of_currency as (partition by currency_code order by rate_date nulls last)
)

select
    currency_code,
    case when former_date is null then cast('0001-01-01' as date) else rate_date end as from_date,
    coalesce({{ add_days('followed_date', -1) }}, {{ business_date() }}) as until_date,
    base_rate
from followed
where
    followed_date is null
    or {{ month_number(add_days('followed_date', -1)) }}
    >= least({{ first_built('int_balances_reopened') }}, {{ first_built('int_activities_reopened') }})
union all
select
    {{ policy_code('base_currency') }} as currency_code,
    cast('0001-01-01' as date) as from_date,
    {{ business_date() }} as until_date,
    cast(1 as decimal(18, 8)) as base_rate
