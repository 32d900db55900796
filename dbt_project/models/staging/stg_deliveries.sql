select
    source_code,
    table_name,
    received_date,
    row_count
from {{ source('ops', 'deliveries') }}
where received_date <= {{ as_of() }}
