-- Days, months and exact quotients: DuckDB divides decimals as doubles, so whole cents are divided and rounded to the
-- nearest whole, halves away from zero. business_date(), parameter(code) and weight(score, part) come from the runner.
create macro month_of(day) as cast(year(day) * 12 + month(day) - 1 as integer);
create macro first_day(number) as make_date(number // 12, number % 12 + 1, 1);
create macro business_month() as month_of(business_date());
create macro last_full_month() as month_of(business_date() + 1) - 1;
create macro months_after(day, months) as cast(day + to_months(cast(months as integer)) as date);
create macro whole_months(from_day, to_day) as
    month_of(to_day) - month_of(from_day) - case when day(to_day) < day(from_day) then 1 else 0 end;
create macro whole_years(from_day, to_day) as cast(floor(whole_months(from_day, to_day) / 12) as integer);

create macro amount_parameter(code) as cast(parameter(code) as decimal(18, 8));
create macro count_parameter(code) as cast(parameter(code) as integer);

-- an amount in cents divided by a whole number, in cents
create macro per(amount, parts) as cast(
    cast(cast(round(cast(cast(cast(amount as decimal(38, 2)) * 100 as hugeint) as double) / parts) as bigint) as decimal(38, 0)) * 0.01 as decimal(18, 2));
-- a product with up to ten places divided by a whole number, in cents
create macro cents(product, parts) as cast(cast(round(
    cast(cast(cast(product as decimal(38, 10)) * 10000000000 as hugeint) as double) / (cast(parts as double) * 100000000)
) as bigint) * cast(0.01 as decimal(38, 2)) as decimal(18, 2));
-- one amount in cents divided by another, in hundred-millionths
create macro part_of(amount, whole) as cast(cast(cast(round(
    cast(cast(cast(amount as decimal(38, 2)) * 100 as hugeint) * 100000000 as double) / cast(cast(cast(whole as decimal(38, 2)) * 100 as hugeint) as double)
) as bigint) as decimal(38, 0)) * 0.00000001 as decimal(18, 8));
-- the same of two numbers with eight places
create macro ratio(number, whole) as cast(cast(cast(round(
    cast(cast(cast(number as decimal(38, 8)) * 100000000 as hugeint) * 100000000 as double)
    / cast(cast(cast(whole as decimal(38, 8)) * 100000000 as hugeint) as double)
) as bigint) as decimal(38, 0)) * 0.00000001 as decimal(18, 8));
-- a number with eight places × days ÷ the days of the bank's year, in cents: too large for a double
create macro for_days(margin, days, basis_days) as cast(cast(
    sign(margin) * (
        (2 * abs(cast(cast(margin as decimal(38, 8)) * 100000000 as hugeint)) * days + cast(basis_days as hugeint) * 1000000)
        // (2 * cast(basis_days as hugeint) * 1000000)
    ) as decimal(38, 0)) * 0.01 as decimal(18, 2));

-- each value holds until the day before the next of its key, never before the bank was told of it; what the first
-- delivery tells reaches back without end
create macro spells(told) as table
    with known as (
        select key, value, received_date, line_number,
            min(received_date) over () as first_date,
            case when received_date = min(received_date) over () then from_date
                else greatest(from_date, received_date) end as from_date
        from query_table(told)
    ),
    followed as (
        select *, lag(from_date) over dated as former_date, lead(from_date) over dated as followed_date
        from known
        window dated as (partition by key order by from_date, received_date, line_number)
    )
    select key, value,
        case when former_date is null and received_date = first_date then date '0001-01-01' else from_date end
            as from_date,
        coalesce(followed_date - 1, date '9999-12-31') as until_date
    from followed
    where followed_date is null or from_date < followed_date;

-- the share of persons with a lower value, by rank; with four places and with eight
create macro stands_at(place, persons) as cast(
    cast(round(cast((place - 1) * 10000 as double) / persons) as bigint) * cast(0.0001 as decimal(5, 4)) as decimal(18, 4));
create macro share_reached(place, persons) as cast(
    cast(round(cast(place * 100000000 as double) / persons) as bigint) * cast(0.00000001 as decimal(9, 8)) as decimal(18, 8));
-- whether so many of all persons are a share within bounds: lower inclusive, upper not
create macro reaches(place, persons, lower_bound, upper_bound) as
    place >= lower_bound * persons and (upper_bound is null or place < upper_bound * persons);
