-- T1 (a), (b): an open account without business and money; a card that is hardly used, by means over full months
-- (sums held against the bound times the months)
with

bounds as (
    select
        {{ policy_value('idle_balance_amount') }} as idle_balance_amount,
        {{ policy_count('idle_card_months') }} as card_months,
        {{ policy_value('idle_card_use_count') }} as card_use_count,
        {{ policy_value('idle_card_spend_amount') }} as card_spend_amount,
        {{ policy_value('idle_card_balance_amount') }} as card_balance_amount
),

flags as (
    select
        account.account_id,
        account.closed_date is null as is_open,
        coalesce(
            seen.has_inactive_window
            and seen.transaction_count = 0
            and seen.balance_amount < bound.idle_balance_amount,
            false
        ) as is_inactive_small,
        coalesce(
            seen.family_code = 'card'
            and seen.has_card_window
            and seen.spend_count < bound.card_use_count * bound.card_months
            and (
                seen.spend_amount < bound.card_spend_amount * bound.card_months
                or seen.average_amount < bound.card_balance_amount * bound.card_months
            ),
            false
        ) as is_idle_card
    from {{ ref('accounts') }} as account
    cross join bounds as bound
    left join {{ ref('int_account_windows_summed') }} as seen on account.account_id = seen.account_id
)

select
    account_id,
    is_open,
    is_inactive_small,
    is_idle_card,
    nullif(concat_ws(
        '; ',
        case when is_inactive_small
            then concat_ws(' / ', {{ policy_code('idle_months') }}, {{ policy_code('idle_balance_amount') }}) end,
        case when is_idle_card
            then concat_ws(
                ' / ',
                {{ policy_code('idle_card_months') }},
                {{ policy_code('idle_card_use_count') }},
                {{ policy_code('idle_card_spend_amount') }},
                {{ policy_code('idle_card_balance_amount') }}
            ) end
    ), '') as idle_text
from flags
