-- of a transaction delivered twice the newest counts
with

versions as (
    select
        movement.*,
        row_number() over (
            partition by source_code, source_transaction_id
            order by received_date desc nulls last, line_number desc nulls last
        ) as version_rank
    from {{ ref('int_transactions_unioned') }} as movement
    where transaction_date <= {{ business_date() }}
)

select
    {{ bank_account_id('movement.source_code', 'movement.source_transaction_id') }} as transaction_id,
    account.account_id,
    account.customer_id,
    movement.transaction_date,
    {{ month_number('movement.transaction_date') }} as month_number,
    movement.direction_code,
    movement.transaction_amount,
    movement.channel_code,
    movement.transaction_type_code,
    movement.is_customer_initiated,
    coalesce(kind.is_activity, true) as is_activity
from versions as movement
inner join {{ ref('accounts') }} as account
    on {{ bank_account_id('movement.source_code', 'movement.source_account_id') }} = account.account_id
left join {{ source('policy', 'transaction_types') }} as kind
    on movement.transaction_type_code = kind.transaction_type_code and {{ in_force('kind') }}
where movement.version_rank = 1
