-- V1 to V6, V11, V12: what accounts and customers brought and cost in every month, and over the last twelve.
create table pricings as
with versions as (
    select account_id, received_date, line_number, annual_rate, opened_date, maturity_date,
        lag(received_date) over dated as former_received_date,
        lag(annual_rate) over dated as former_annual_rate,
        lag(maturity_date) over dated as former_maturity_date
    from account_versions
    window dated as (partition by account_id order by received_date, line_number)
),
told as (
    select account_id,
        case when former_received_date is null then date '0001-01-01' else received_date end as from_date,
        0 as event_rank, line_number,
        case when former_received_date is null or annual_rate is distinct from former_annual_rate then annual_rate end as annual_rate,
        former_received_date is null or maturity_date is distinct from former_maturity_date as is_term,
        maturity_date - case when former_maturity_date <= received_date then former_maturity_date else opened_date end as term_days
    from versions
    where former_received_date is null
        or annual_rate is distinct from former_annual_rate
        or maturity_date is distinct from former_maturity_date
    union all
    select source_code || ':' || source_account_id,
        case when received_date = min(received_date) over () then from_date else greatest(from_date, received_date) end,
        1, line_number, annual_rate, false, null
    from account_rates
),
counted as (
    select *, count(annual_rate) over running as rate_number, count_if(is_term) over running as term_number
    from told
    window running as (
        partition by account_id order by from_date, event_rank, line_number rows between unbounded preceding and current row
    )
),
filled as (
    select account_id, from_date, event_rank, line_number, term_number,
        max(annual_rate) over (partition by account_id, rate_number) as annual_rate,
        max(case when is_term then greatest(term_days, 0) end) over (partition by account_id, term_number) as term_days
    from counted
),
changed as (
    select *, lag(from_date) over dated as former_date
    from filled
    window dated as (partition by account_id order by from_date, event_rank, line_number)
    qualify former_date is null
        or annual_rate is distinct from lag(annual_rate) over dated
        or term_number <> lag(term_number) over dated
),
dated as (
    select *, lead(from_date) over (partition by account_id order by from_date, event_rank, line_number) as followed_date
    from changed
)
select account_id, annual_rate, term_days, from_date,
    case when former_date is not null then from_date end as priced_date,
    coalesce(followed_date - 1, date '9999-12-31') as until_date
from dated where followed_date is null or from_date < followed_date;

create table posted_rates as
with told as (
    select {'source_code': source_code, 'product_code': product_code, 'term_days': term_days} as key,
        annual_rate as value, from_date, received_date, line_number
    from product_rates
),
averages as (
    select month_number, key.source_code as source_code, key.product_code as product_code, key.term_days as term_days,
        ratio(
            sum(value * (least(until_date, last_date) - greatest(from_date, first_date) + 1)),
            sum(least(until_date, last_date) - greatest(from_date, first_date) + 1)
        ) as annual_rate
    from spells('told') join months on from_date <= last_date and until_date >= first_date
    group by month_number, key
)
select * exclude (term_days),
    case when lag(term_days) over terms is null then 0 else term_days end as term_from_days,
    lead(term_days) over terms as term_until_days
from averages window terms as (partition by month_number, source_code, product_code order by term_days);

create table curve_points as
with told as (
    select {'curve_code': curve_code, 'term_days': term_days} as key, annual_rate as value, from_date, received_date, line_number
    from transfer_prices
),
points as (
    select key.curve_code as curve_code, key.term_days as term_days, value as annual_rate, from_date, until_date
    from spells('told')
),
edges as (
    select curve_code, from_date from points
    union
    select curve_code, until_date + 1 from points where until_date < date '9999-12-31'
),
lists as (
    select *, coalesce(lead(from_date) over (partition by curve_code order by from_date) - 1, date '9999-12-31') as until_date
    from edges
)
select lists.*, annual_rate,
    case when lag(term_days) over terms is null then 0 else term_days end as term_from_days,
    lead(term_days) over terms as term_until_days
from lists join points
    on lists.curve_code = points.curve_code and lists.from_date between points.from_date and points.until_date
window terms as (partition by lists.curve_code, lists.from_date order by term_days);

create table floating_prices as
select month_number, curve_code,
    ratio(
        sum(annual_rate * (least(until_date, last_date) - greatest(from_date, first_date) + 1)),
        sum(least(until_date, last_date) - greatest(from_date, first_date) + 1)
    ) as annual_rate
from curve_points join months on from_date <= last_date and until_date >= first_date
where term_from_days = 0 group by all;

create table matched_prices as
with days as (
    select distinct coalesce(priced_date, opened_date) as priced_date
    from pricings join accounts using (account_id)
)
select priced_date, curve_code, annual_rate, term_from_days, term_until_days
from days join curve_points on priced_date between from_date and until_date;

create table account_value_months as
with spanned as (
    select account_id, month_number
    from accounts join months
        on greatest(month_of(opened_date), told_month) <= month_number
        and opened_date <= last_date and (closed_date is null or closed_date > first_date)
    union
    select account_id, month_number from account_months
    union
    select account_id, month_number from account_activity_months
),
priced as (
    select spanned.account_id, spanned.month_number, months.day_count,
        accounts.curve_code, accounts.fee_family_code, accounts.rate_basis_code = 'booked' as is_booked,
        opened_date <= last_date and (closed_date is null or closed_date > first_date) as is_open,
        accounts.service_cost_amount, accounts.fixed_cost_amount,
        case when accounts.curve_code = 'deposit' then coalesce(average_amount, 0) else 0 end as deposit_amount,
        case when accounts.curve_code = 'loan' then coalesce(average_amount, 0) else 0 end as debt_amount,
        case when accounts.curve_code = 'deposit' then coalesce(overdraft_amount, 0) else 0 end as overdraft_amount,
        case rate_basis_code
            when 'booked' then 0
            when 'contract' then coalesce(pricings.annual_rate, product_rate)
            when 'listed' then coalesce((
                select posted.annual_rate from posted_rates as posted
                where posted.month_number = spanned.month_number
                    and posted.source_code = accounts.source_code and posted.product_code = accounts.product_code
                    and coalesce(pricings.term_days, 0) >= posted.term_from_days
                    and (posted.term_until_days is null or coalesce(pricings.term_days, 0) < posted.term_until_days)
            ), product_rate)
        end as account_rate,
        case when transfer_basis_code = 'matched' then matched.annual_rate else floating.annual_rate end as transfer_rate,
        overdrawn.annual_rate as overdraft_price,
        coalesce(fee_amount, 0) as fee_amount,
        coalesce(interest_income_amount, 0) as interest_amount,
        coalesce(transaction_cost_amount, 0) as transaction_cost_amount
    from spanned
    join accounts using (account_id)
    join months using (month_number)
    left join account_months as held
        on spanned.account_id = held.account_id and spanned.month_number = held.month_number
    left join account_activity_months as done
        on spanned.account_id = done.account_id and spanned.month_number = done.month_number
    left join pricings on spanned.account_id = pricings.account_id
        and months.last_date between pricings.from_date and pricings.until_date
    left join matched_prices as matched on transfer_basis_code = 'matched'
        and accounts.curve_code = matched.curve_code
        and coalesce(pricings.priced_date, accounts.opened_date) = matched.priced_date
        and case when pricings.term_days is null then matched.term_until_days is null
            else pricings.term_days >= matched.term_from_days
                and (matched.term_until_days is null or pricings.term_days < matched.term_until_days) end
    left join floating_prices as floating
        on spanned.month_number = floating.month_number and accounts.curve_code = floating.curve_code
    left join floating_prices as overdrawn
        on spanned.month_number = overdrawn.month_number and overdrawn.curve_code = 'loan'
    where accounts.product_class_code is not null
),
margins as (
    select *,
        coalesce(cast(cast(deposit_amount as decimal(38, 2)) * (transfer_rate - account_rate) as decimal(18, 8)), 0) as deposit_margin,
        coalesce(cast(cast(debt_amount as decimal(38, 2)) * (account_rate - transfer_rate) as decimal(18, 8)), 0)
        + coalesce(cast(cast(overdraft_amount as decimal(38, 2)) * (
            case when is_booked then 0 else amount_parameter('overdraft_annual_rate') end - overdraft_price
        ) as decimal(18, 8)), 0) as loan_margin
    from priced
)
select account_id, month_number, fee_family_code, fee_amount, transaction_cost_amount,
    cast(debt_amount + overdraft_amount as decimal(18, 2)) as loan_average_amount,
    cast(for_days(deposit_margin, day_count, amount_parameter('day_count_basis_days'))
        + case when is_booked and curve_code = 'deposit' then least(interest_amount, 0) else 0 end as decimal(18, 2))
        as deposit_contribution_amount,
    cast(for_days(loan_margin, day_count, amount_parameter('day_count_basis_days'))
        + case when is_booked and curve_code = 'deposit' then greatest(interest_amount, 0)
            when is_booked and curve_code = 'loan' then interest_amount else 0 end as decimal(18, 2))
        as loan_contribution_amount,
    case when is_open then service_cost_amount else 0 end as service_cost_amount,
    case when is_open then fixed_cost_amount else 0 end as fixed_cost_amount
from margins;

create table customer_value_months as
with others as (
    select holder.customer_id, holder.is_primary, month.*,
        cast(case when is_primary then 0 else cast(deposit_contribution_amount as decimal(38, 2)) * holder_share end as decimal(18, 2)) as other_deposit,
        cast(case when is_primary then 0 else cast(loan_contribution_amount as decimal(38, 2)) * holder_share end as decimal(18, 2)) as other_loan,
        cast(case when is_primary then 0 else cast(loan_average_amount as decimal(38, 2)) * holder_share end as decimal(18, 2)) as other_average
    from account_value_months as month join current_holders as holder using (account_id)
),
parts as (
    select customer_id, month_number, is_primary, fee_family_code, fee_amount, transaction_cost_amount,
        service_cost_amount, fixed_cost_amount,
        case when is_primary then deposit_contribution_amount - sum(other_deposit) over account else other_deposit end as deposit_amount,
        case when is_primary then loan_contribution_amount - sum(other_loan) over account else other_loan end as loan_amount,
        case when is_primary then loan_average_amount - sum(other_average) over account else other_average end as average_amount
    from others window account as (partition by account_id, month_number)
),
summed as (
    select customer_id, month_number,
        sum(deposit_amount) as deposit_contribution_amount,
        sum(loan_amount) as loan_contribution_amount,
        sum(average_amount) as loan_average_amount,
        coalesce(sum(fee_amount) filter (is_primary), 0) as fee_amount,
        coalesce(sum(fee_amount) filter (is_primary and fee_family_code = 'settlement'), 0) as settlement_fee_amount,
        coalesce(sum(fee_amount) filter (is_primary and fee_family_code = 'cards'), 0) as cards_fee_amount,
        coalesce(sum(fee_amount) filter (is_primary and fee_family_code = 'wealth'), 0) as wealth_fee_amount,
        coalesce(sum(fee_amount) filter (is_primary and fee_family_code = 'loans'), 0) as loans_fee_amount,
        coalesce(sum(fee_amount) filter (is_primary and fee_family_code = 'agency'), 0) as agency_fee_amount,
        coalesce(sum(transaction_cost_amount) filter (is_primary), 0) as transaction_cost_amount,
        cast(coalesce(sum(service_cost_amount) filter (is_primary), 0) as decimal(18, 2)) as service_cost_amount,
        cast(coalesce(sum(fixed_cost_amount) filter (is_primary), 0) as decimal(18, 2)) as fixed_cost_amount
    from parts group by all
),
privileges as (
    select customer_id, month_of(used_date) as month_number,
        sum(cast(use_count * unit_cost_amount as decimal(18, 2))) as privilege_cost_amount
    from (
        select * from privilege_uses where used_date <= business_date()
        qualify row_number() over (partition by source_code, source_use_id order by received_date desc, line_number desc) = 1
    ) join links using (source_code, source_customer_id)
    group by all
),
told_grades as (
    select *, case when received_date = min(received_date) over () then graded_date
        else greatest(graded_date, received_date) end as from_date
    from credit_grades
),
-- the newest grade of each month the bank had been told by its end, the worst where records disagree
grades as (
    select customer_id, month_number, max(default_probability) as default_probability
    from (
        select links.customer_id, months.month_number, told.credit_grade_code
        from told_grades as told
        join links using (source_code, source_customer_id)
        join months on told.from_date <= months.last_date and told.graded_date <= months.last_date
        qualify rank() over (partition by links.customer_id, months.month_number order by graded_date desc) = 1
            and row_number() over (
                partition by source_code, source_customer_id, graded_date, months.month_number
                order by received_date desc, line_number desc
            ) = 1
    ) join grade_scale using (credit_grade_code)
    group by all
),
amounts as (
    select coalesce(summed.customer_id, privileges.customer_id) as customer_id,
        coalesce(summed.month_number, privileges.month_number) as month_number,
        coalesce(deposit_contribution_amount, 0) as deposit_contribution_amount,
        coalesce(loan_contribution_amount, 0) as loan_contribution_amount,
        coalesce(settlement_fee_amount, 0) as settlement_fee_amount,
        coalesce(cards_fee_amount, 0) as cards_fee_amount,
        coalesce(wealth_fee_amount, 0) as wealth_fee_amount,
        coalesce(loans_fee_amount, 0) as loans_fee_amount,
        coalesce(agency_fee_amount, 0) as agency_fee_amount,
        coalesce(fee_amount, 0) as fee_amount,
        coalesce(transaction_cost_amount, 0) as transaction_cost_amount,
        coalesce(service_cost_amount, 0) as service_cost_amount,
        coalesce(privilege_cost_amount, 0) as privilege_cost_amount,
        coalesce(fixed_cost_amount, 0) as fixed_cost_amount,
        coalesce(loan_average_amount, 0) as loan_average_amount
    from summed full join privileges
        on summed.customer_id = privileges.customer_id and summed.month_number = privileges.month_number
),
totals as (
    select amounts.*,
        transaction_cost_amount + service_cost_amount + privilege_cost_amount as variable_cost_amount,
        deposit_contribution_amount + loan_contribution_amount + fee_amount
        - transaction_cost_amount - service_cost_amount - privilege_cost_amount as current_value_amount,
        cents(cast(
            cast(cast(cast(loan_average_amount as decimal(38, 2))
                * coalesce(default_probability, amount_parameter('default_probability_unrated')) as decimal(18, 8))
                as decimal(38, 8)) * amount_parameter('loss_given_default_share') as decimal(18, 8)
        ), 12) as expected_loss_amount
    from amounts left join grades
        on amounts.customer_id = grades.customer_id and amounts.month_number = grades.month_number
)
select * exclude (loan_average_amount),
    current_value_amount - fixed_cost_amount as allocated_value_amount,
    current_value_amount - expected_loss_amount as risk_adjusted_value_amount
from totals;

create table trailed as
select customer_id,
    sum(deposit_contribution_amount) filter (month_number = business_month()) as deposit_contribution_1m_amount,
    sum(loan_contribution_amount) filter (month_number = business_month()) as loan_contribution_1m_amount,
    sum(settlement_fee_amount) filter (month_number = business_month()) as settlement_fee_1m_amount,
    sum(cards_fee_amount) filter (month_number = business_month()) as cards_fee_1m_amount,
    sum(wealth_fee_amount) filter (month_number = business_month()) as wealth_fee_1m_amount,
    sum(loans_fee_amount) filter (month_number = business_month()) as loans_fee_1m_amount,
    sum(agency_fee_amount) filter (month_number = business_month()) as agency_fee_1m_amount,
    sum(fee_amount) filter (month_number = business_month()) as fee_1m_amount,
    sum(transaction_cost_amount) filter (month_number = business_month()) as transaction_cost_1m_amount,
    sum(service_cost_amount) filter (month_number = business_month()) as service_cost_1m_amount,
    sum(privilege_cost_amount) filter (month_number = business_month()) as privilege_cost_1m_amount,
    sum(variable_cost_amount) filter (month_number = business_month()) as variable_cost_1m_amount,
    sum(current_value_amount) filter (month_number = business_month()) as current_value_1m_amount,
    sum(fixed_cost_amount) filter (month_number = business_month()) as fixed_cost_1m_amount,
    sum(allocated_value_amount) filter (month_number = business_month()) as allocated_value_1m_amount,
    sum(expected_loss_amount) filter (month_number = business_month()) as expected_loss_1m_amount,
    sum(risk_adjusted_value_amount) filter (month_number = business_month()) as risk_adjusted_value_1m_amount,
    coalesce(sum(current_value_amount) filter (month_number > business_month() - 3), 0) as current_value_3m_amount,
    sum(deposit_contribution_amount + loan_contribution_amount + fee_amount) as revenue_12m_amount,
    sum(deposit_contribution_amount) as deposit_contribution_12m_amount,
    sum(loan_contribution_amount) as loan_contribution_12m_amount,
    sum(settlement_fee_amount) as settlement_fee_12m_amount,
    sum(cards_fee_amount) as cards_fee_12m_amount,
    sum(wealth_fee_amount) as wealth_fee_12m_amount,
    sum(loans_fee_amount) as loans_fee_12m_amount,
    sum(agency_fee_amount) as agency_fee_12m_amount,
    sum(fee_amount) as fee_12m_amount,
    sum(transaction_cost_amount) as transaction_cost_12m_amount,
    sum(service_cost_amount) as service_cost_12m_amount,
    sum(privilege_cost_amount) as privilege_cost_12m_amount,
    sum(variable_cost_amount) as variable_cost_12m_amount,
    sum(current_value_amount) as current_value_12m_amount,
    sum(fixed_cost_amount) as fixed_cost_12m_amount,
    sum(allocated_value_amount) as allocated_value_12m_amount,
    sum(expected_loss_amount) as expected_loss_12m_amount,
    sum(risk_adjusted_value_amount) as risk_adjusted_value_12m_amount
from customer_value_months where month_number > business_month() - 12
group by customer_id;

create table linked as
with pairs as (
    select member.customer_id, other.customer_id as other_id
    from group_members as member join group_members as other using (group_id)
    union
    select referrer.customer_id, referred.customer_id
    from referrals
    join links as referrer using (source_code, source_customer_id)
    join links as referred on referrals.source_code = referred.source_code
        and referrals.referred_source_customer_id = referred.source_customer_id
    where referral_date <= business_date()
)
select pairs.customer_id, sum(current_value_12m_amount) as linked_value_12m_amount
from pairs join trailed on pairs.other_id = trailed.customer_id
where pairs.customer_id <> pairs.other_id group by all;

create table wallets as
with newest as (
    select links.customer_id, declared_date, declared_amount
    from declared_assets join links using (source_code, source_customer_id)
    where declared_date <= business_date()
    qualify row_number() over (
        partition by links.customer_id, other_bank_code
        order by declared_date desc, received_date desc, source_code, line_number desc
    ) = 1
),
declared as (
    select customer_id, sum(declared_amount) as amount
    from newest where declared_date >= months_after(business_date(), -count_parameter('declared_asset_months'))
    group by customer_id
)
select customer_id,
    coalesce(declared.amount, greatest(own_transfer_out_amount, 0)) as elsewhere_amount,
    case when declared.amount is not null then 'declared' when own_transfer_out_amount > 0 then 'inferred' else 'none' end
        as confidence_code
from customer_years left join declared using (customer_id);

create table customer_trailing_values as
with products as (
    select customer_id, count(distinct product_class_code) as product_class_count, count(distinct account_id) as product_count
    from holdings where is_open group by customer_id
),
joined as (
    select customers.customer_id, customers.branch_id,
        columns(trailed.* exclude (customer_id)),
        coalesce(linked_value_12m_amount, 0) as linked_value_12m_amount,
        coalesce(product_class_count, 0) as product_class_count,
        coalesce(product_count, 0) as product_count,
        aum_year_average_amount as retained_amount,
        aum_month_average_amount, elsewhere_amount, confidence_code,
        sum(current_value_12m_amount) over (partition by branch_id) as branch_amount,
        sum(current_value_12m_amount) over () as bank_amount
    from customers
    join customer_years using (customer_id)
    join wallets using (customer_id)
    left join trailed using (customer_id)
    left join linked using (customer_id)
    left join products using (customer_id)
)
select customer_id,
    coalesce(columns(* exclude (
        customer_id, branch_id, product_class_count, product_count, aum_month_average_amount, confidence_code,
        branch_amount, bank_amount
    )), 0),
    product_class_count, product_count,
    case when branch_id is not null and branch_amount > 0 then part_of(coalesce(current_value_12m_amount, 0), branch_amount) end
        as branch_value_share,
    case when bank_amount > 0 then part_of(coalesce(current_value_12m_amount, 0), bank_amount) end as bank_value_share,
    case when confidence_code <> 'none' and aum_month_average_amount + elsewhere_amount > 0
        then part_of(aum_month_average_amount, aum_month_average_amount + elsewhere_amount) end as wallet_share,
    case when aum_month_average_amount + elsewhere_amount > 0 then confidence_code else 'none' end as wallet_confidence_code
from joined;
