-- V7: every churn probability of four places, so that what follows from one is reckoned once, whichever scores are read
{%- set places = ['thousand', 'hundred', 'ten', 'one'] %}
with

digits as (
    {%- for digit in range(10) %}
    select {{ digit }} as digit{{ ' union all' if not loop.last }}
    {%- endfor %}
)

select
    cast(
        cast(thousand.digit * 1000 + hundred.digit * 100 + ten.digit * 10 + one.digit as decimal(9, 4)) / 10000
        as decimal(9, 4)
    ) as churn_probability
from digits as {{ places | join('\ncross join digits as ') }}
union all
select cast(1 as decimal(9, 4)) as churn_probability
