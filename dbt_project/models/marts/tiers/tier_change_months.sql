-- T13: the cause is the largest part in the direction of the change, of equal ones the first named; policy where the
-- metric would still be in its former tier by the former month's bounds, or where other rules hold a tier
{%- set compared = [
    'customer_id', 'scheme_code', 'former_tier_code', 'former_metric_tier_code', 'former_state_code',
    'former_metric_value', 'former_threshold_value', 'former_rule_code', 'tier_code', 'metric_tier_code', 'state_code',
    'metric_value', 'threshold_value', 'rule_code', 'change_amount'
] %}
{%- set causes = ['customer_flow', 'market_price', 'policy', 'identity', 'correction'] %}
with

directed as (
    select
        split.*,
        change.change_amount,
        case when change.change_amount < 0 then -1 else 1 end as direction,
        case
            when change.metric_tier_code <> change.former_metric_tier_code
                then band.band_code is not null or (split.has_turned and change.change_amount = 0)
            else split.has_preset_turned
        end as is_by_policy
    from {{ ref('int_tier_changes_split') }} as split
    inner join {{ ref('int_tier_changes_compared') }} as change
        on split.customer_id = change.customer_id and split.scheme_code = change.scheme_code
    inner join {{ ref('customers') }} as customer on split.customer_id = customer.customer_id
    left join {{ ref('int_branch_bands_dated') }} as band
        on
            split.has_turned
            and split.one_cause_code = 'aum'
            and band.month_number = {{ business_month() }} - 1
            and band.band_set_code = split.scheme_code
            and band.branch_id = coalesce(customer.branch_id, 'unknown')
            and band.band_code = change.former_metric_tier_code
            and {{ in_band('change.metric_value', 'band') }}
),

largest as (
    select
        directed.*,
        greatest(
            {%- for cause in causes %}
            {{ cause }}_amount * direction{{ ',' if not loop.last }}
            {%- endfor %}
        ) as largest_amount
    from directed
)

select
    {%- for column in compared %}
    change.{{ column }},
    {%- endfor %}
    {%- for cause in causes %}
    part.{{ cause }}_amount,
    {%- endfor %}
    case
        when part.is_by_policy then 'policy'
        when part.one_cause_code <> 'aum' then part.one_cause_code
        {%- for cause in causes[:-1] %}
        when part.{{ cause }}_amount * part.direction = part.largest_amount then '{{ cause }}'
        {%- endfor %}
        else '{{ causes | last }}'
    end as cause_code,
    {{ business_month() }} as month_number
from {{ ref('int_tier_changes_compared') }} as change
inner join largest as part
    on change.customer_id = part.customer_id and change.scheme_code = part.scheme_code
