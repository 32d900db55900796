-- V7: every churn probability of four places, so that what follows from one is reckoned once, whichever scores are read
with

digits as (
    {%- for digit in '0123456789' %}
    select '{{ digit }}' as digit{{ ' union all' if not loop.last }}
    {%- endfor %}
)

select cast('0.' || tenth.digit || hundredth.digit || thousandth.digit || last.digit as decimal(9, 4))
    as churn_probability
from digits as tenth
cross join digits as hundredth
cross join digits as thousandth
cross join digits as last
union all
select cast(1 as decimal(9, 4)) as churn_probability
