-- T1 to T7, V9: which tier each scheme's metric gives, for persons, as of the business date.
create view persons as
select *, coalesce(branch_id, 'unknown') as band_branch from customers where customer_kind_code = 'person';

create table edges as
select *, lead(lower_bound) over in_set as upper_bound, not lead(lower_inclusive) over in_set as upper_inclusive
from bands where region_name is null and branch_id is null
window in_set as (partition by band_set_code order by rank);

-- the bands of a branch: its own, else its region's, else those of everywhere
create table branch_edges as
with fitting as (
    select named.band_branch, bands.* exclude (region_name, branch_id)
    from (select distinct band_branch from persons) as named
    left join branches on named.band_branch = branches.branch_id and branches.place = 1
    join bands on coalesce(bands.branch_id, named.band_branch) = named.band_branch
        and (bands.region_name is null or bands.region_name = branches.region_name)
    qualify rank() over (
        partition by named.band_branch, band_set_code order by bands.branch_id nulls last, bands.region_name nulls last
    ) = 1
)
select *, lead(lower_bound) over in_set as upper_bound, not lead(lower_inclusive) over in_set as upper_inclusive
from fitting window in_set as (partition by band_branch, band_set_code order by rank);

create macro within(metric, band) as
    (band.lower_bound is null or metric > band.lower_bound or (band.lower_inclusive and metric = band.lower_bound))
    and (band.upper_bound is null or metric < band.upper_bound or (band.upper_inclusive and metric = band.upper_bound));

-- what margins go on, and what a unit a month is worth by a probability of churn, come as the bank knows them
create table customer_potentials as
with measured as (
    select value.customer_id,
        growth.score as growth, income.score as income_growth,
        ratio(greatest(0, amount_parameter('potential_full_class_count') - product_class_count), amount_parameter('potential_full_class_count')) as breadth_gap,
        cast(1 - wallet_share as decimal(18, 8)) as share_elsewhere
    from customer_trailing_values as value
    left join stability_parts as growth on value.customer_id = growth.customer_id and growth.part_code = 'growth'
    left join stability_parts as income on value.customer_id = income.customer_id and income.part_code = 'income_growth'
),
scored as (
    select customer_id,
        coalesce(ratio(
            cast(coalesce(growth * weight('potential', 'growth'), 0) + coalesce(income_growth * weight('potential', 'income_growth'), 0)
                + coalesce(breadth_gap * weight('potential', 'breadth_gap'), 0)
                + coalesce(share_elsewhere * weight('potential', 'share_elsewhere'), 0) as decimal(18, 8)),
            nullif(case when growth is null then 0 else weight('potential', 'growth') end
                + case when income_growth is null then 0 else weight('potential', 'income_growth') end
                + case when breadth_gap is null then 0 else weight('potential', 'breadth_gap') end
                + case when share_elsewhere is null then 0 else weight('potential', 'share_elsewhere') end, 0)
        ), 0) as potential_score
    from measured
),
valued as (
    select expected.customer_id, realised_amount, coalesce(method_code, 'policy') as retention_method_code,
        cast(cast(month_margin_amount as decimal(38, 8)) * annuity_value as decimal(18, 2))
        + cast(cast(cross_buy_margin_amount as decimal(38, 8)) * annuity_value as decimal(18, 2))
        + cast(cast(greatest(trend_margin_amount, -greatest(month_margin_amount, 0)) as decimal(38, 8)) * annuity_value as decimal(18, 2))
            as potential_value_amount
    from expected_margins as expected
    left join former_scores as score using (customer_id)
    join retentions as retention
        on cast(score.churn_probability as decimal(9, 4)) is not distinct from retention.churn_probability
)
select customer_id, potential_score, potential_value_amount, realised_amount + potential_value_amount as lifetime_value_amount,
    retention_method_code
from scored join valued using (customer_id);

create table ranked as
with measured as (
    select customer_id, band_branch, coalesce(current_value_12m_amount, 0) as current_value_amount,
        coalesce(product_class_count, 0) as product_class_count,
        coalesce(retained_amount, 0) as retained_amount,
        cast(coalesce(potential_score, 0) as decimal(18, 4)) as potential_score,
        coalesce(potential_value_amount, 0) as potential_value_amount,
        coalesce(lifetime_value_amount, 0) as lifetime_value_amount,
        cast(stability_score as decimal(18, 4)) as stability_score,
        cast(loyalty_score as decimal(18, 4)) as loyalty_score,
        count(*) over () as persons
    from persons
    left join customer_potentials using (customer_id)
    left join customer_trailing_values using (customer_id)
    left join customer_stability_scores using (customer_id)
),
placed as (
    select *,
        stands_at(rank() over (order by current_value_amount), persons) as current_value_position,
        stands_at(rank() over (order by potential_score), persons) as potential_position,
        stands_at(rank() over (order by product_class_count), persons) as breadth_position,
        stands_at(rank() over (order by retained_amount), persons) as retained_position,
        stands_at(rank() over (order by potential_value_amount), persons) as potential_value_position,
        stands_at(rank() over (order by lifetime_value_amount), persons) as lifetime_value_position
    from measured
)
select *, cast(
    current_value_position * weight('profitability', 'current_value') + potential_position * weight('profitability', 'potential')
    + breadth_position * weight('profitability', 'breadth') + retained_position * weight('profitability', 'retained')
    as decimal(18, 4)) as profitability_score
from placed;

create table account_windows as
with bounds as (
    select
        month_of(months_after(business_date() + 1, -count_parameter('idle_months'))) as inactive_from,
        last_full_month() + 1 - count_parameter('idle_card_months') as card_from,
        (select min(month_number) from months) as first_month
),
done as (
    select account_id,
        coalesce(sum(transaction_count) filter (month_number >= inactive_from), 0) as transaction_count,
        coalesce(sum(spend_count) filter (month_number between card_from and last_full_month()), 0) as spend_count,
        coalesce(sum(spend_amount) filter (month_number between card_from and last_full_month()), 0) as spend_amount
    from account_activity_months cross join bounds group by account_id
),
held as (
    select account_id,
        coalesce(sum(balance_amount) filter (month_number = business_month()), 0) as balance_amount,
        coalesce(sum(average_amount) filter (month_number between card_from and last_full_month()), 0) as average_amount
    from account_months cross join bounds group by account_id
)
select accounts.account_id,
    coalesce(opened_date <= months_after(business_date(), -count_parameter('idle_months')), false) and first_month <= inactive_from
    and coalesce(transaction_count, 0) = 0 and coalesce(balance_amount, 0) < amount_parameter('idle_balance_amount')
        as is_inactive_small,
    coalesce(family_code = 'card' and month_of(opened_date) < card_from and first_month <= card_from, false)
    and coalesce(spend_count, 0) < amount_parameter('idle_card_use_count') * count_parameter('idle_card_months')
    and (coalesce(spend_amount, 0) < amount_parameter('idle_card_spend_amount') * count_parameter('idle_card_months')
        or coalesce(average_amount, 0) < amount_parameter('idle_card_balance_amount') * count_parameter('idle_card_months'))
        as is_idle_card
from accounts cross join bounds
left join done using (account_id) left join held using (account_id)
where closed_date is null;

create table class_rules as
with idle as (
    select customer_id, bool_and(is_inactive_small) as is_inactive,
        bool_and(is_inactive_small or is_idle_card) and bool_or(is_idle_card) as is_idle
    from account_windows join holders using (account_id)
    where holders.is_current and (holders.role_weight > 0 or holders.is_primary)
    group by customer_id
),
grouped as (
    select person.customer_id,
        bool_or(person_group.group_code is not null and (
            person_group.group_code <> 'well_paid' or annual_income_amount >= amount_parameter('group_income_amount')))
        or coalesce(bool_or(elsewhere_amount >= amount_parameter('group_elsewhere_amount')), false)
        or coalesce(bool_or(whole_months(first_opened_date, business_date()) >= count_parameter('group_tenure_months')
            and transaction_count_12m >= count_parameter('group_transaction_count')), false)
        or coalesce(bool_or(is_sole_trader and income.raw_value >= amount_parameter('group_income_growth_share')), false) as is_named
    from persons as person
    join credit on person.customer_id = credit.customer_id and credit.is_good
    left join potential_groups as person_group on person_group.code = case attribute_code
        when 'occupation' then occupation_code when 'position' then position_code end
    left join customer_trailing_values as value on person.customer_id = value.customer_id
    left join customer_years as year on person.customer_id = year.customer_id
    left join customer_holdings as holding on person.customer_id = holding.customer_id
    left join stability_parts as income on person.customer_id = income.customer_id and income.part_code = 'income_growth'
    group by person.customer_id
)
select customer_id,
    case when is_malicious then 'malicious' when is_consecutive then 'bad_credit'
        when is_inactive then 'inactive' when is_idle then 'idle_card' end as negative_rule,
    coalesce(is_named, false) as is_named
from persons join credit using (customer_id) left join idle using (customer_id) left join grouped using (customer_id);

create table scheme_months as
with rfm_measures as (
    select customer_id, count(*) over () as persons,
        rank() over (order by last_active_date nulls first) - 1 as recency,
        last_active_date is null as is_never,
        rank() over (order by rfm_transaction_count) - 1 as frequency,
        rank() over (order by rfm_transaction_amount) - 1 as monetary
    from persons join customer_years using (customer_id)
),
rfm_scores as (
    select customer_id, cast(
        r.rank * weight('rfm', 'recency') + f.rank * weight('rfm', 'frequency') + m.rank * weight('rfm', 'monetary')
        as decimal(18, 4)) as score
    from rfm_measures
    join edges as r on r.band_set_code = 'rfm_recency' and reaches(recency, persons, r.lower_bound, r.upper_bound)
    join edges as f on f.band_set_code = 'rfm_frequency' and reaches(frequency, persons, f.lower_bound, f.upper_bound)
    join edges as m on m.band_set_code = 'rfm_monetary' and reaches(monetary, persons, m.lower_bound, m.upper_bound)
),
abc_positions as (
    select customer_id, abc_transaction_amount as amount,
        share_reached(count(*) over (order by abc_transaction_amount desc range between unbounded preceding and current row), count(*) over ()) as reached
    from persons join customer_years using (customer_id)
),
abc_shares as (
    select band_code, rank, sum(share) over (order by rank desc) as reached from shares where share_set_code = 'abc'
),
abc_ranks as (
    select customer_id, any_value(amount) as amount, max(rank) as rank
    from abc_positions join abc_shares on abc_positions.reached <= abc_shares.reached group by customer_id
),
abc_bounds as (
    select rank, min(amount) as lower_amount, lead(min(amount)) over (order by rank) as upper_amount from abc_ranks group by rank
),
classes as (
    select ranked.*, profit.band_code as profit_code, profit.lower_bound as profit_bound, profit.upper_bound as next_profit,
        stable.lower_bound as stable_bound, stable.upper_bound as next_stable,
        case
            when negative_rule is not null then negative_rule
            when stable.band_code = 'high' and profit.band_code = 'high' then 'vip'
            when stable.band_code = 'high' then 'mass'
            when profit.band_code = 'high' then 'unstable'
            when potential_score >= amount_parameter('four_classes_promise_share') then 'promise'
            when is_named then 'group'
            else 'negative'
        end as rule
    from ranked join class_rules using (customer_id)
    join branch_edges as profit on profit.band_branch = ranked.band_branch and profit.band_set_code = 'profitability' and within(profitability_score, profit)
    join branch_edges as stable on stable.band_branch = ranked.band_branch and stable.band_set_code = 'stability' and within(coalesce(stability_score, 0), stable)
),
layers as (
    select persons.customer_id, band.band_code, band.lower_bound, band.upper_bound,
        coalesce(aum_amount, 0) as asset_amount, coalesce(aum_month_average_amount, 0) as average_amount,
        case
            when not (
                coalesce(aum_amount, 0) >= amount_parameter('scope_asset_amount')
                or coalesce(card_spend_amount, 0) >= amount_parameter('scope_card_spend_amount')
                or coalesce(loan_amount, 0) >= amount_parameter('scope_loan_amount')
                or coalesce(custody_amount, 0) >= amount_parameter('scope_custody_amount')
                or carried.customer_id is not null
            ) then 'out_of_scope'
            when band.band_code = 'wealth_manager' then 'amount'
            when aum_month_average_amount >= amount_parameter('layer_private_bank_amount') then 'private_bank'
            when aum_month_average_amount >= amount_parameter('layer_wealth_amount') then 'wealth'
            when band.band_code = 'relationship_manager' then 'amount'
            when aum_month_average_amount >= amount_parameter('layer_premier_amount') then 'premier'
            when band.band_code = 'in_scope_unlayered' then 'unlayered'
            when band.band_code <> 'outlet_staff' then 'amount'
            when birth_date is null then 'unknown_age'
            when whole_years(birth_date, business_date()) > count_parameter('layer_age_years') then 'age'
            else 'staff'
        end as rule
    from persons
    left join customer_years using (customer_id)
    left join customer_holdings using (customer_id)
    left join (
        select distinct accounts.customer_id from accounts join scope_products using (source_code, product_code)
        where closed_date is null
    ) as carried using (customer_id)
    join branch_edges as band on band.band_branch = persons.band_branch and band.band_set_code = 'maintenance_layer' and within(coalesce(aum_amount, 0), band)
),
pyramids as (
    select ranked.*, coalesce(recent_transaction_count, 0) as transactions,
        worth.lower_bound as value_bound, worth.upper_bound as next_value,
        loyal.lower_bound as loyalty_bound, loyal.upper_bound as next_loyalty,
        case
            when holding.customer_id is null and rights.customer_id is not null then 'prospect'
            when holding.customer_id is null and guarantor.customer_id is not null then 'prospect'
            when holding.customer_id is null then 'suspect'
            when holding.account_count = 0 then 'prospect'
            when coalesce(recent_transaction_count, 0) < amount_parameter('pyramid_inactive_count') then 'inactive'
            when worth.band_code = 'high' and loyal.band_code = 'high' then 'a'
            when worth.band_code = 'high' then 'b'
            when loyal.band_code = 'high' then 'c'
            else 'd'
        end as tier_code
    from ranked
    join branch_edges as worth on worth.band_branch = ranked.band_branch and worth.band_set_code = 'pyramid_value' and within(lifetime_value_position, worth)
    join branch_edges as loyal on loyal.band_branch = ranked.band_branch and loyal.band_set_code = 'pyramid_loyalty' and within(coalesce(loyalty_score, 0), loyal)
    left join customer_years using (customer_id)
    left join customer_holdings as holding on ranked.customer_id = holding.customer_id
    left join (select distinct customer_id from holders) as rights on ranked.customer_id = rights.customer_id
    left join (
        select distinct customer_id from group_members where group_kind_code = 'guarantor' and role_code = 'guarantor'
    ) as guarantor on ranked.customer_id = guarantor.customer_id
),
valuable as (
    select ranked.*, worth.lower_bound as value_bound, worth.upper_bound as next_value,
        case
            when current_value_amount < amount_parameter('bz_value_amount') then 'bz'
            when worth.band_code = 'high' then 'mvc'
            when growth.band_code = 'high' then 'mgc'
            else 'other'
        end as tier_code
    from ranked
    join branch_edges as worth on worth.band_branch = ranked.band_branch and worth.band_set_code = 'mvc_value' and within(current_value_position, worth)
    join branch_edges as growth on growth.band_branch = ranked.band_branch and growth.band_set_code = 'mvc_growth' and within(potential_value_position, growth)
),
tenures as (
    select persons.customer_id, band_branch, first_opened_date, coalesce(account_count, 0) as account_count,
        coalesce(whole_months(first_opened_date, business_date()), 0) as months,
        coalesce(whole_years(first_opened_date, business_date()), 0) as years,
        coalesce(whole_years(first_opened_date, business_date()) > whole_years(first_opened_date, first_day(business_month()) - 1), false)
            as is_anniversary
    from persons left join customer_holdings using (customer_id)
),
related as (
    select tenures.*, band_code, lower_bound, upper_bound,
        case
            when account_count = 0 then 'tenure.none'
            when months < count_parameter('tenure_trial_months') then 'tenure.trial'
            when is_anniversary and years > 0 and exists (
                select 1 from bands as gift where band_set_code = 'gift_years' and gift.lower_bound > 0 and years % gift.lower_bound = 0
            ) then 'tenure.anniversary'
            else 'tenure'
        end as rule
    from tenures join branch_edges as band on band.band_branch = tenures.band_branch and band_set_code = 'tenure' and within(months, band)
),
schemes as (
    select customer_id, 'rfm' as scheme_code, band_code as tier_code, score as metric_value,
        lower_bound as threshold_value, upper_bound as next_threshold_value, 'rfm' as rule_code
    from rfm_scores join persons using (customer_id)
    join branch_edges as band on band.band_branch = persons.band_branch and band_set_code = 'rfm' and within(score, band)
    union all
    select customer_id, 'abc', abc_shares.band_code, cast(amount as decimal(18, 4)), lower_amount, upper_amount, 'abc'
    from abc_ranks join abc_bounds using (rank) join abc_shares using (rank)
    union all
    select customer_id, 'aum_level', band_code, cast(aum_month_average_amount as decimal(18, 4)), lower_bound, upper_bound,
        case when lower_bound is null then 'aum_level.lowest' else 'aum_level' end
    from persons join customer_years using (customer_id)
    join branch_edges as band on band.band_branch = persons.band_branch
        and band_set_code = 'aum_level' and within(aum_month_average_amount, band)
    union all
    select customer_id, 'four_classes',
        case when rule in ('vip', 'mass') then rule when rule in ('unstable', 'promise', 'group') then 'potential' else 'negative' end,
        case rule when 'unstable' then coalesce(stability_score, 0) when 'promise' then potential_score else profitability_score end,
        case when rule = 'unstable' then stable_bound when rule = 'promise' then amount_parameter('four_classes_promise_share')
            when rule in ('vip', 'mass', 'negative') then profit_bound end,
        case when rule = 'unstable' then next_stable when rule in ('mass', 'negative') then next_profit end,
        'four_classes.' || rule
    from classes
    union all
    select customer_id, 'maintenance_layer',
        case when rule = 'out_of_scope' then rule when rule in ('private_bank', 'wealth') then 'wealth_manager'
            when rule = 'premier' then 'relationship_manager'
            when rule in ('unlayered', 'unknown_age', 'age') then 'in_scope_unlayered' else band_code end,
        cast(case when rule in ('private_bank', 'wealth', 'premier') then average_amount else asset_amount end as decimal(18, 4)),
        case rule when 'private_bank' then amount_parameter('layer_private_bank_amount')
            when 'wealth' then amount_parameter('layer_wealth_amount')
            when 'premier' then amount_parameter('layer_premier_amount')
            when 'out_of_scope' then null else lower_bound end,
        case rule when 'out_of_scope' then amount_parameter('scope_asset_amount')
            when 'private_bank' then null when 'wealth' then null
            when 'premier' then amount_parameter('layer_wealth_amount') else upper_bound end,
        'maintenance_layer.' || rule
    from layers
    union all
    select customer_id, 'pyramid', tier_code,
        case when tier_code in ('prospect', 'suspect') then 0 when tier_code = 'inactive' then cast(transactions as decimal(18, 4))
            when tier_code = 'b' then coalesce(loyalty_score, 0) else lifetime_value_position end,
        case when tier_code in ('a', 'c', 'd') then value_bound when tier_code = 'b' then loyalty_bound end,
        case when tier_code = 'inactive' then amount_parameter('pyramid_inactive_count') when tier_code = 'b' then next_loyalty
            when tier_code in ('c', 'd') then next_value end,
        'pyramid.' || tier_code
    from pyramids
    union all
    select customer_id, 'mvc', tier_code,
        case tier_code when 'bz' then cast(current_value_amount as decimal(18, 4)) else current_value_position end,
        case when tier_code <> 'bz' then value_bound end,
        case tier_code when 'bz' then amount_parameter('bz_value_amount') else next_value end,
        'mvc.' || tier_code
    from valuable
    union all
    select customer_id, 'tenure',
        case rule when 'tenure.none' then 'none' when 'tenure.trial' then 'trial' else band_code end,
        cast(months as decimal(18, 4)),
        case rule when 'tenure.none' then null when 'tenure.trial' then 0 else lower_bound end,
        case when rule not in ('tenure.none', 'tenure.trial') then upper_bound end,
        rule
    from related
)
select customer_id, scheme_code, tier_code, rule_code,
    cast(metric_value as decimal(18, 4)) as metric_value,
    cast(threshold_value as decimal(18, 4)) as threshold_value,
    cast(next_threshold_value as decimal(18, 4)) as next_threshold_value
from schemes;
