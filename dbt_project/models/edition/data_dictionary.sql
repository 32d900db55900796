select
    cast(table_name as text) as table_name,
    cast(column_name as text) as column_name,
    cast(column_number as integer) as column_number,
    cast(data_type as text) as data_type,
    cast(description_zh as text) as description_zh,
    cast(description_en as text) as description_en,
    {{ business_date() }} as business_date
from {{ ref('published_columns') }}
