-- a month holds what was received in it, and what it began with: of each account the day last told, and days to come
{%- set first_day = month_first_day(business_month()) %}
with

received as (
    select
        {{ bank_account_id('source_code', 'source_account_id') }} as account_id,
        balance_date,
        overdue_days,
        received_date,
        line_number
    from {{ ref('int_overdues_unioned') }}
    where balance_date is not null and {{ has_arrived('received_date') }}
    {%- if var('since') %}
    union all
    select
        account_id,
        balance_date,
        overdue_days,
        received_date,
        line_number
    from {{ this }}
    where month_number = {{ standing_month() }} and not {{ has_arrived('received_date') }}
    {%- endif %}
),

marked as (
    select
        *,
        balance_date < {{ first_day }} and received_date < {{ first_day }} as is_former
    from received
),

ranked as (
    select
        *,
        row_number() over (
            partition by account_id, is_former
            order by balance_date desc nulls last, received_date desc nulls last, line_number desc nulls last
        ) as version_rank
    from marked
)

select
    account_id,
    balance_date,
    overdue_days,
    received_date,
    line_number,
    {{ business_month() }} as month_number
from ranked
where not is_former or version_rank = 1
