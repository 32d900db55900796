-- L1 to L11: the parts of stability and loyalty, and the two scores.
create table credit as
with grades as (
    select links.customer_id, scale.score
    from (
        select * from credit_grades where graded_date <= business_date()
        qualify received_date = max(received_date) over (partition by source_code, source_customer_id, graded_date)
    ) as graded
    join grade_scale as scale using (credit_grade_code)
    join links using (source_code, source_customer_id)
    qualify row_number() over (partition by links.customer_id order by graded_date desc, scale.rank) = 1
),
events as (
    select coalesce(links.customer_id, accounts.customer_id) as customer_id, event_date, kind.is_malicious,
        coalesce(settled_date > business_date(), true) as is_unsettled,
        months_after(event_date, count_parameter('bad_credit_window_months')) as until_date,
        lag(months_after(event_date, count_parameter('bad_credit_window_months'))) over (
            partition by coalesce(links.customer_id, accounts.customer_id) order by event_date, source_code, source_event_id
        ) as former_until_date
    from (
        select * from credit_events
        qualify row_number() over (partition by source_code, source_event_id order by received_date desc, line_number desc) = 1
    ) as event
    join bad_events as kind using (event_type_code)
    left join links using (source_code, source_customer_id)
    left join accounts on event.source_code || ':' || event.source_account_id = accounts.account_id
    where event_date <= business_date()
),
records as (
    select customer_id,
        count_if(is_unsettled) as unsettled_count,
        bool_or(is_malicious) as is_malicious,
        coalesce(bool_or(event_date <= former_until_date), false) as is_consecutive,
        bool_or(is_unsettled or until_date >= business_date()) as is_live
    from events group by customer_id
)
select customers.customer_id, score,
    coalesce(unsettled_count, 0) as unsettled_count,
    coalesce(is_malicious, false) as is_malicious,
    coalesce(is_consecutive, false) as is_consecutive,
    not coalesce(is_malicious, false) and not coalesce(is_live, false)
    and coalesce(score >= amount_parameter('good_credit_score'), true) as is_good
from customers left join grades using (customer_id) left join records using (customer_id);

create table price_gap as
with told as (
    select {'is_market': true, 'name': curve_code} as key, annual_rate as value, from_date, received_date, line_number
    from transfer_prices where curve_code = 'deposit' and term_days = count_parameter('price_gap_term_days')
    union all
    select {'is_market': false, 'name': source_code || ':' || product_code}, product_rates.annual_rate, from_date, received_date, line_number
    from product_rates join products using (source_code, product_code)
    where products.product_class_code = 'term_deposit' and term_days = count_parameter('price_gap_term_days')
),
averages as (
    select month_number, key.is_market as is_market,
        ratio(
            sum(value * (least(until_date, last_date) - greatest(from_date, first_date) + 1)),
            count(distinct key.name) * max(day_count)
        ) as annual_rate
    from spells('told') join months on from_date <= last_date and until_date >= first_date
    where month_number <= last_full_month() and month_number > last_full_month() - count_parameter('loyalty_window_months')
    group by all
),
gaps as (
    select market.month_number, row_number() over (order by market.month_number) as place
    from averages as market join averages as posted
        on market.month_number = posted.month_number and market.is_market and not posted.is_market
    where market.annual_rate - posted.annual_rate > amount_parameter('price_gap_rate')
)
select min(month_number) - 1 as eve_month, max(month_number) as last_month
from gaps group by month_number - place order by last_month desc limit 1;

create table windows as
with sizes as (
    select count_parameter('stability_window_months') as stability, count_parameter('loyalty_window_months') as loyalty,
        count_parameter('life_cycle_trend_months') as trend
),
aged as (
    select month.*, gap.eve_month, gap.last_month,
        last_full_month() - month_number as age,
        last_full_month() - month_number < stability as is_volatility,
        last_full_month() - month_number < loyalty as is_continuity,
        last_full_month() - month_number between 1 and stability as is_followed,
        last_full_month() - month_number < trend as is_recent,
        last_full_month() - month_number between trend and 2 * trend - 1 as is_former,
        lead(aum_month_average_amount) over (partition by customer_id order by month_number) as next_average_amount
    from customer_months as month cross join sizes left join price_gap as gap on true
    where month_number <= last_full_month()
),
averaged as (
    select *,
        per(sum(income_amount) filter (is_volatility) over customer, count_if(is_volatility) over customer) as income_mean,
        per(sum(aum_month_average_amount) filter (is_volatility) over customer, count_if(is_volatility) over customer) as asset_mean
    from aged window customer as (partition by customer_id)
)
select customer_id,
    count_if(is_volatility) as volatility_count,
    count_if(is_continuity) as continuity_count,
    count_if(is_recent or is_former) as trend_count,
    count_if(
        is_followed
        and aum_amount >= aum_month_average_amount * (1 + amount_parameter('spike_excess_share'))
        and aum_amount - aum_month_average_amount >= amount_parameter('spike_excess_amount')
        and 2 * next_average_amount < aum_amount + aum_month_average_amount
    ) as spike_count,
    sum(active_day_count) filter (is_continuity) as active_day_count,
    sum(abs(income_amount - income_mean)) filter (is_volatility) as income_deviation,
    sum(income_amount) filter (is_volatility) as income_total,
    sum(income_amount) filter (is_recent) as income_recent,
    sum(income_amount) filter (is_former) as income_former,
    sum(abs(aum_month_average_amount - asset_mean)) filter (is_volatility) as asset_deviation,
    sum(aum_month_average_amount) filter (is_volatility) as asset_total,
    sum(aum_month_average_amount) filter (is_recent) as asset_recent,
    sum(aum_month_average_amount) filter (is_former) as asset_former,
    max(aum_month_average_amount - market_month_average_amount) filter (month_number = eve_month) as eve_amount,
    max(aum_month_average_amount - market_month_average_amount) filter (month_number = last_month) as kept_amount
from averaged group by customer_id;

create table purchases as
with costed as (
    select *,
        opened_date > months_after(business_date(), -count_parameter('repeat_purchase_months')) as is_recent,
        cast(case
            when not is_open or not coalesce(maturity_date > business_date(), true) and family_code <> 'card' then 0
            when product_class_code = 'term_deposit' then cents(
                cast(greatest(balance_amount, 0) as decimal(38, 2))
                * greatest(coalesce(annual_rate, 0) - amount_parameter('early_withdrawal_rate'), 0)
                * greatest(business_date() - opened_date, 0), count_parameter('day_count_basis_days'))
            when family_code = 'loan' and side_code = 'liability'
                then cast(cast(greatest(balance_amount, 0) as decimal(38, 2)) * amount_parameter('prepayment_penalty_share') as decimal(18, 2))
            when family_code = 'card' and is_primary then amount_parameter('card_closing_fee_amount')
            else 0
        end as decimal(18, 2)) as leaving_cost_amount
    from holdings
)
select customer_id,
    whole_months(min(opened_date), business_date()) as tenure_months,
    count_if(is_open) as account_count,
    count(distinct product_class_code) filter (is_open) as class_count,
    count_if(is_recent) as recent_count,
    min(opened_date) > months_after(business_date(), -count_parameter('repeat_purchase_months')) as is_first_recent,
    sum(leaving_cost_amount) as leaving_cost_amount,
    cast(sum(case when side_code = 'asset' then greatest(balance_amount, 0) * aum_weight
        when family_code = 'loan' then greatest(balance_amount, 0) else 0 end) as decimal(18, 2)) as entrusted_amount
from costed group by customer_id;

create table answers as
with told as (
    select 'cooperation' as part, 'contact' as kind_code, source_code, source_customer_id, source_contact_id as answer_id,
        contact_date as answer_date, result_code as answer_code, received_date, line_number
    from contacts
    union all
    select 'cooperation', 'campaign', source_code, source_customer_id, source_customer_id || ':' || campaign_id,
        contacted_date, response_code, received_date, line_number
    from campaign_responses
    union all
    select 'feedback', feedback_kind_code, source_code, source_customer_id, source_feedback_id,
        opened_date, coalesce(outcome_code, 'open'), received_date, line_number
    from feedbacks
),
newest as (
    select *, months_after(business_date(), -count_parameter('loyalty_window_months')) as eve_date
    from told
    qualify row_number() over (
        partition by part, case when part = 'cooperation' then kind_code end, source_code, answer_id
        order by received_date desc, line_number desc
    ) = 1
)
select customer_id,
    sum(points) filter (part = 'cooperation') as cooperation_points, count_if(part = 'cooperation') as cooperation_count,
    sum(points) filter (part = 'feedback') as feedback_points, count_if(part = 'feedback') as feedback_count
from newest join answer_points using (part, kind_code, answer_code) join links using (source_code, source_customer_id)
where answer_date <= business_date() and answer_date > eve_date and points is not null
group by customer_id;

create table measures as
select credit.customer_id,
    case when unsettled_count > 0 then 0 else score end as credit,
    case when volatility_count >= count_parameter('volatility_minimum_months') and income_total > 0
        then part_of(income_deviation, income_total) end as income_volatility,
    case when volatility_count >= count_parameter('volatility_minimum_months') and asset_total > 0
        then part_of(asset_deviation, asset_total) end as asset_volatility,
    case when trend_count = 2 * count_parameter('life_cycle_trend_months') and income_former > 0
        then part_of(least(income_recent - income_former, income_former), income_former) end as income_growth,
    case when trend_count = 2 * count_parameter('life_cycle_trend_months') and asset_former > 0
        then part_of(least(asset_recent - asset_former, asset_former), asset_former) end as growth,
    case when account_count > 0 and entrusted_amount > 0
        then part_of(least(leaving_cost_amount, entrusted_amount), entrusted_amount) end as switching_cost,
    case when eve_amount > 0 then part_of(least(coalesce(kept_amount, 0), eve_amount), eve_amount) end as price_sensitivity,
    tenure_months as duration,
    case when purchases.customer_id is not null and continuity_count > 0
        then part_of(cast(active_day_count as decimal(18, 2)), cast(continuity_count as decimal(18, 2))) end as continuity_days,
    class_count as continuity_kinds,
    case when cooperation_count > 0 then ratio(cooperation_points, cast(cooperation_count as decimal(18, 0))) end as cooperation,
    case when feedback_count > 0 then ratio(feedback_points, cast(feedback_count as decimal(18, 0))) end as feedback,
    part_of(cast((recent_count - case when is_first_recent then 1 else 0 end) * 12 as decimal(18, 2)),
        cast(greatest(least(tenure_months, count_parameter('repeat_purchase_months')), 12) as decimal(18, 2))) as repeat_purchase,
    coalesce(spike_count, 0) as month_end_spike_count
from credit
left join windows using (customer_id)
left join purchases using (customer_id)
left join answers using (customer_id);

create table stability_parts as
with measured as (
    select customer_id, month_end_spike_count,
        cast(columns(* exclude (customer_id, month_end_spike_count)) as decimal(18, 8))
    from measures
),
cells as (
    from (select * exclude month_end_spike_count from measured) unpivot include nulls (raw_value for part_code in (
        credit, income_volatility, asset_volatility, income_growth, growth, switching_cost, price_sensitivity, duration,
        continuity_days, continuity_kinds, cooperation, feedback, repeat_purchase
    ))
)
select customer_id, score_code, part_code, raw_value, case when raw_value is not null
        then greatest(least(ratio(raw_value - low_value, high_value - low_value), 1), 0) end as score
from cells join score_scales using (part_code);

create table customer_stability_scores as
select customer_id, month_end_spike_count,
    ratio(sum(case when score_code = 'stability' then score * weight end), sum(case when score_code = 'stability' and score is not null then weight end)) as stability_score,
    ratio(sum(case when score_code = 'loyalty' then score * weight end), sum(case when score_code = 'loyalty' and score is not null then weight end)) as loyalty_score,
    count_if(score_code = 'stability' and score is null) as stability_missing_count,
    count_if(score_code = 'loyalty' and score is null) as loyalty_missing_count
from stability_parts join score_weights using (score_code, part_code) join measures using (customer_id)
group by all;
