-- birth_number: yymmdd, with fifty added to the month for women
with cases as (
    select '706213' as cell, '1970-12-13' as birth_date, 'female' as sex_code
    union all select '450204', '1945-02-04', 'male'
    union all select '405101', '1940-01-01', 'female'
    union all select '121231', '1912-12-31', 'male'
    union all select '206231', '1920-12-31', 'female'
    union all select '450230', null, 'male'
    union all select '45020', null, null
    union all select 'abcdef', null, null
    union all select '', null, null
    union all select null, null, null
),

tried as (
    select
        cell,
        cast(birth_date as date) as birth_date,
        sex_code,
        {{ safe_date(berka_birth_day('cell')) }} as actual_birth_date,
        {{ berka_sex('cell') }} as actual_sex_code
    from cases
)

select *
from tried
where actual_birth_date is distinct from birth_date or actual_sex_code is distinct from sex_code
