-- every version received; one holds from its receipt until it is superseded by a newer version or taken back
{%- set columns = [
    'transaction_id', 'account_id', 'transaction_date', 'direction_code', 'transaction_amount', 'channel_code',
    'transaction_type_code', 'is_customer_initiated', 'is_own_name', 'other_bank_code', 'fee_amount', 'received_date',
    'line_number', 'month_number'
] %}
with

versions as (
    {{ received_versions(columns, 'int_transactions_arrived', 'int_activities_reopened') }}
),

deletions as (
    select
        version.transaction_id,
        version.received_date,
        version.line_number,
        min(deleted.received_date) as deleted_date
    from versions as version
    inner join {{ ref('int_transactions_deleted') }} as deleted
        on version.transaction_id = deleted.transaction_id and version.received_date <= deleted.received_date
    group by version.transaction_id, version.received_date, version.line_number
),

followed as (
    select
        version.*,
        lead(version.received_date) over (
            partition by version.transaction_id
            order by version.received_date nulls last, version.line_number nulls last
        ) as followed_date
    from versions as version
)

select
    version.transaction_id,
    version.account_id,
    version.transaction_date,
    version.direction_code,
    version.transaction_amount,
    version.channel_code,
    version.transaction_type_code,
    version.is_customer_initiated,
    version.is_own_name,
    version.other_bank_code,
    version.fee_amount,
    version.received_date,
    version.line_number,
    least(version.followed_date, deletion.deleted_date) as superseded_date,
    version.month_number
from followed as version
left join deletions as deletion
    on
        version.transaction_id = deletion.transaction_id
        and version.received_date = deletion.received_date
        and version.line_number = deletion.line_number
