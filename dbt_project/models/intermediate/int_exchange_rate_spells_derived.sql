-- a rate holds from its day until the day before the next one, the first for all days before; one unit of the base
-- currency is always one
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
)

select
    currency_code,
    case
        when lag(rate_date) over (partition by currency_code order by rate_date nulls last) is null
            then cast('0001-01-01' as date)
        else rate_date
    end as from_date,
    coalesce(
        {{ add_days('lead(rate_date) over (partition by currency_code order by rate_date nulls last)', -1) }},
        {{ business_date() }}
    ) as until_date,
    base_rate
from versions
where version_rank = 1
union all
select
    {{ policy_code('base_currency') }} as currency_code,
    cast('0001-01-01' as date) as from_date,
    {{ business_date() }} as until_date,
    cast(1 as decimal(18, 8)) as base_rate
