-- T4: the layer by financial assets or by a standard of the head office (month average), whichever is higher; the
-- lowest has an age limit, and who is in scope but in no layer is a gap of the outlet
with

standards as (
    select
        {{ policy_value('layer_private_bank_amount') }} as private_bank_amount,
        {{ policy_value('layer_wealth_amount') }} as wealth_amount,
        {{ policy_value('layer_premier_amount') }} as premier_amount,
        {{ policy_count('layer_age_years') }} as age_years,
        {{ policy_value('scope_asset_amount') }} as scope_asset_amount
),

judged as (
    select
        person.*,
        band.band_code,
        band.lower_bound,
        band.upper_bound,
        standard.private_bank_amount,
        standard.wealth_amount,
        standard.premier_amount,
        standard.scope_asset_amount,
        case
            when person.scope_text is null then 'out_of_scope'
            when band.band_code = 'wealth_manager' then 'amount'
            when person.month_average_amount >= standard.private_bank_amount then 'private_bank'
            when person.month_average_amount >= standard.wealth_amount then 'wealth'
            when band.band_code = 'relationship_manager' then 'amount'
            when person.month_average_amount >= standard.premier_amount then 'premier'
            when band.band_code = 'in_scope_unlayered' then 'unlayered'
            when band.band_code <> 'outlet_staff' then 'amount'
            when person.age_years is null then 'unknown_age'
            when person.age_years > standard.age_years then 'age'
            else 'staff'
        end as rule_name
    from {{ ref('int_persons_layered') }} as person
    cross join standards as standard
    {{ join_band('maintenance_layer', 'person.asset_amount') }}
)

select
    customer_id,
    'maintenance_layer' as scheme_code,
    case when rule_name in ('private_bank', 'wealth', 'premier') then 'month_average' else 'asset' end as measure_code,
    case
        when rule_name = 'out_of_scope' then 'out_of_scope'
        when rule_name in ('private_bank', 'wealth') then 'wealth_manager'
        when rule_name = 'premier' then 'relationship_manager'
        when rule_name in ('unlayered', 'unknown_age', 'age') then 'in_scope_unlayered'
        else band_code
    end as tier_code,
    cast(
        case when rule_name in ('private_bank', 'wealth', 'premier') then month_average_amount else asset_amount end
        as decimal(18, 4)
    ) as metric_value,
    cast(
        case rule_name
            when 'private_bank' then private_bank_amount
            when 'wealth' then wealth_amount
            when 'premier' then premier_amount
            when 'out_of_scope' then null
            else lower_bound
        end
        as decimal(18, 4)
    ) as threshold_value,
    cast(
        case
            when rule_name = 'out_of_scope' then scope_asset_amount
            when rule_name = 'premier' then wealth_amount
            when rule_name not in ('private_bank', 'wealth') then upper_bound
        end
        as decimal(18, 4)
    ) as next_threshold_value,
    'maintenance_layer.' || rule_name as rule_code,
    concat_ws(
        '; ',
        scope_text,
        case
            when rule_name in ('age', 'unknown_age', 'staff')
                then coalesce(cast(age_years as varchar), '-') || ' / ' || {{ policy_code('layer_age_years') }}
            when rule_name = 'out_of_scope'
                then concat_ws(
                    ' / ',
                    {{ policy_code('scope_asset_amount') }},
                    {{ policy_code('scope_card_spend_amount') }},
                    {{ policy_code('scope_loan_amount') }},
                    {{ policy_code('scope_custody_amount') }}
                )
            when rule_name <> 'unlayered'
                then concat_ws(
                    ' / ',
                    {{ policy_code('layer_premier_amount') }},
                    {{ policy_code('layer_wealth_amount') }},
                    {{ policy_code('layer_private_bank_amount') }}
                )
        end
    ) as reason_detail
from judged
