select
    month.month_number,
    share.share_set_code,
    share.band_code,
    share.rank,
    cast(sum(share.share) over (
        partition by month.month_number, share.share_set_code
        order by share.rank desc nulls last
    ) as decimal(18, 8)) as cumulative_share
from {{ ref('months') }} as month
inner join {{ source('policy', 'shares') }} as share on {{ in_force('share', 'month.last_date') }}
