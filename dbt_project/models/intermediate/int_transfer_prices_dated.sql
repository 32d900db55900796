-- the whole curve between two changes of any of its points, each point with the terms it stands for
with

edges as (
    select
        curve_code,
        from_date
    from {{ ref('int_transfer_price_spells_derived') }}
    union
    select
        curve_code,
        {{ add_days('until_date', 1) }} as from_date
    from {{ ref('int_transfer_price_spells_derived') }}
    where until_date < cast('9999-12-31' as date)
),

lists as (
    select
        curve_code,
        from_date,
        coalesce(
            {{ add_days('lead(from_date) over (partition by curve_code order by from_date nulls last)', -1) }},
            cast('9999-12-31' as date)
        ) as until_date
    from edges
)

select
    list.curve_code,
    list.from_date,
    list.until_date,
    point.annual_rate,
    {{ term_bounds('list.curve_code, list.from_date') }}
from lists as list
inner join {{ ref('int_transfer_price_spells_derived') }} as point
    on list.curve_code = point.curve_code and list.from_date between point.from_date and point.until_date
