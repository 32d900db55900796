select
    cast(reason_code as text) as reason_code,
    cast(template_zh as text) as template_zh,
    cast(template_en as text) as template_en,
    {{ business_date() }} as business_date
from {{ source('policy', 'reasons') }} as reason
where {{ in_force('reason') }}
