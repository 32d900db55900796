-- T4 保、争、挖、抢、培: how a layer's customers are played, by loyalty and by the share of wallet that is known
with

judged as (
    select
        tier.customer_id,
        tier.tier_code,
        coalesce(loyal.band_code, 'unknown') as loyalty_code,
        coalesce(wallet.band_code, 'unknown') as wallet_code
    from {{ ref('current_tiers') }} as tier
    inner join {{ ref('int_persons_scoped') }} as person on tier.customer_id = person.customer_id
    left join {{ ref('customer_stability_scores') }} as score on tier.customer_id = score.customer_id
    left join {{ ref('customer_trailing_values') }} as value on tier.customer_id = value.customer_id
    {{ join_band('pyramid_loyalty', 'cast(score.loyalty_score as decimal(18, 4))', 'loyal', 'left') }}
    {{ join_band('wallet_share', 'cast(value.wallet_share as decimal(18, 4))', 'wallet', 'left') }}
    where tier.scheme_code = 'maintenance_layer'
)

select
    judged.customer_id,
    judged.tier_code,
    judged.loyalty_code,
    judged.wallet_code,
    play.play_code
from judged
left join {{ source('policy', 'plays') }} as play
    on
        judged.tier_code = play.tier_code
        and judged.loyalty_code = play.loyalty_code
        and judged.wallet_code = play.wallet_code
        and {{ in_force('play') }}
