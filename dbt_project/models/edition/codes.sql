select
    cast(code_set as text) as code_set,
    cast(code as text) as code,
    cast(name_zh as text) as name_zh,
    cast(name_en as text) as name_en,
    cast(rank as integer) as rank,
    {{ business_date() }} as business_date
from {{ ref('current_codes') }}
