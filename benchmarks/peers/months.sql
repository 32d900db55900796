-- The bank's accounts, who holds them, and what each account and customer held and did in every month.
create table months as
select
    cast(number as integer) as month_number,
    first_day(number) as first_date,
    least(first_day(number + 1) - 1, business_date()) as last_date,
    least(first_day(number + 1) - 1, business_date()) - first_day(number) + 1 as day_count
from range(
    least(
        (select month_of(min(first_received_date)) from links),
        (select month_of(min(balance_date)) from balances),
        (select month_of(min(transaction_date)) from transactions)
    ),
    business_month() + 1
) as numbers (number);

create view account_versions as
select source_code || ':' || source_account_id as account_id, * from delivered_accounts;

create table holders as
with newest as (
    select source_code || ':' || source_account_id as account_id, *
    from account_holders
    qualify row_number() over (
        partition by source_code, source_account_id, role_code,
            case when role_code = 'owner' and from_date is null then '' else source_customer_id end
        order by received_date desc, line_number desc
    ) = 1
),
rights as (
    select newest.account_id, links.customer_id, newest.role_code,
        case when count(*) = count(from_date) then min(from_date) end as from_date,
        case when count(*) = count(until_date) then max(until_date) end as until_date,
        max(newest.received_date) as received_date
    from newest join links using (source_code, source_customer_id)
    group by all
),
held as (
    select *, least(business_date(), max(coalesce(until_date, business_date())) over (partition by account_id))
        as last_held_date
    from rights
),
judged as (
    select held.*, coalesce(share.weight, 0) as role_weight,
        coalesce(from_date, last_held_date) <= last_held_date and coalesce(until_date, last_held_date) >= last_held_date
            as is_current,
        case role_code when 'owner' then 0 else 1 end as owner_rank
    from held left join holder_shares as share using (role_code)
),
ranked as (
    select *,
        row_number() over (
            partition by account_id, customer_id, is_current order by role_weight desc, owner_rank, role_code
        ) as role_rank,
        row_number() over (
            partition by account_id
            order by is_current desc, owner_rank, role_weight desc, from_date desc nulls last, received_date desc, customer_id
        ) as holder_rank
    from judged
),
weighed as (
    select *, is_current and holder_rank = 1 as is_primary,
        case when is_current and role_rank = 1 then role_weight else 0 end as weight
    from ranked
),
shared as (
    select *,
        case when sum(weight) over (partition by account_id) > 0 and not is_primary
            then ratio(weight, sum(weight) over (partition by account_id)) else 0 end as other_share
    from weighed
)
select account_id, customer_id, role_code, from_date, is_current, is_primary, role_weight,
    cast(case when is_primary then 1 - sum(other_share) over (partition by account_id) else other_share end
        as decimal(18, 8)) as holder_share
from shared;

create table accounts as
with newest as (
    select *, month_of(min(received_date) over (partition by account_id)) as told_month
    from account_versions
    qualify row_number() over (partition by account_id order by received_date desc, line_number desc) = 1
)
select newest.* exclude (closed_date, received_date, line_number), holders.customer_id,
    case when closed_date <= business_date() then closed_date end as closed_date,
    products.product_class_code, products.rate_basis_code, products.transfer_basis_code,
    products.annual_rate as product_rate,
    classes.* exclude (product_class_code)
from newest
join holders on newest.account_id = holders.account_id and holders.is_primary
left join products using (source_code, product_code)
left join product_classes as classes on products.product_class_code = classes.product_class_code;

create view current_holders as
select holders.*, accounts.family_code, accounts.side_code, accounts.aum_weight, accounts.is_market_priced
from holders join accounts using (account_id)
where holders.is_current and (holders.holder_share > 0 or holders.is_primary);

create table rates as
select currency_code,
    case when lag(rate_date) over dated is null then date '0001-01-01' else rate_date end as from_date,
    coalesce(lead(rate_date) over dated - 1, business_date()) as until_date,
    base_rate
from (
    select currency_code, rate_date, arg_max(base_rate, received_date) as base_rate
    from exchange_rates where rate_date <= business_date() group by all
)
window dated as (partition by currency_code order by rate_date)
union all
select parameter('base_currency'), date '0001-01-01', business_date(), 1;

create table account_months as
with days as (
    select source_code || ':' || source_account_id as account_id, balance_date as from_date,
        arg_max(balance_amount, received_date) as balance_amount
    from balances where balance_date <= business_date() group by all
),
held as (
    select days.*, accounts.currency_code,
        least(
            coalesce(lead(from_date) over (partition by account_id order by from_date) - 1, business_date()),
            coalesce(closed_date - 1, business_date())
        ) as until_date
    from days join accounts using (account_id)
),
spans as (
    select account_id, currency_code, balance_amount, from_date, until_date,
        cast(unnest(range(month_of(from_date), month_of(until_date) + 1)) as integer) as month_number
    from held where from_date <= until_date
),
valued as (
    select spans.account_id, months.month_number, months.day_count,
        cast(cast(spans.balance_amount as decimal(38, 2)) * rates.base_rate as decimal(18, 2)) as amount,
        least(spans.until_date, rates.until_date) >= months.last_date as is_closing,
        least(spans.until_date, months.last_date, rates.until_date)
        - greatest(spans.from_date, months.first_date, rates.from_date) + 1 as held_days
    from spans
    join months using (month_number)
    join rates on spans.currency_code = rates.currency_code
        and greatest(spans.from_date, months.first_date) <= rates.until_date
        and least(spans.until_date, months.last_date) >= rates.from_date
)
select account_id, month_number,
    cast(coalesce(sum(amount) filter (is_closing), 0) as decimal(18, 2)) as balance_amount,
    per(sum(greatest(amount, 0) * held_days), any_value(day_count)) as average_amount,
    per(sum(greatest(-amount, 0) * held_days), any_value(day_count)) as overdraft_amount
from valued group by account_id, month_number;

create table cost_spells as
with told as (
    select channel_code || ' ' || transaction_type_code as key, unit_cost_amount as value, from_date, received_date, line_number
    from channel_costs
)
from spells('told');

create table account_activity_months as
with newest as (
    select * from transactions
    qualify row_number() over (
        partition by source_code, source_transaction_id order by received_date desc, line_number desc
    ) = 1
),
movements as (
    select newest.source_code || ':' || newest.source_account_id as account_id,
        month_of(transaction_date) as month_number, transaction_date, is_customer_initiated, direction_code,
        coalesce(kind.is_activity, true) as is_activity,
        coalesce(kind.is_income, false) and not coalesce(is_own_name, false) and direction_code = 'credit' as is_income,
        coalesce(is_own_name, false) and other_bank_code is not null as is_own_elsewhere,
        coalesce(kind.is_fee, false) as is_fee,
        transaction_type_code in ('interest', 'penalty_interest') as is_interest,
        case direction_code when 'debit' then 1 else -1 end as debit_sign,
        cast(cast(transaction_amount as decimal(38, 2)) * rates.base_rate as decimal(18, 2)) as amount,
        cast(cast(coalesce(fee_amount, 0) as decimal(38, 2)) * rates.base_rate as decimal(18, 2)) as fee_amount,
        coalesce(cost.value, amount_parameter('transaction_cost_default_amount')) as cost_amount
    from newest
    join accounts on newest.source_code || ':' || newest.source_account_id = accounts.account_id
    join rates on accounts.currency_code = rates.currency_code
        and transaction_date between rates.from_date and rates.until_date
    left join transaction_types as kind using (transaction_type_code)
    left join cost_spells as cost on newest.channel_code || ' ' || transaction_type_code = cost.key
        and transaction_date between cost.from_date and cost.until_date
    where not exists (
        select 1 from deleted_transactions as deleted
        where deleted.source_code = newest.source_code
            and deleted.source_transaction_id = newest.source_transaction_id
            and deleted.received_date >= newest.received_date
    )
)
select account_id, month_number,
    count(*) filter (is_activity) as transaction_count,
    coalesce(sum(amount) filter (is_activity), 0) as transaction_amount,
    max(transaction_date) filter (is_activity and is_customer_initiated) as last_active_date,
    coalesce(bit_or(1::bigint << (day(transaction_date) - 1)::integer)
        filter (is_activity and is_customer_initiated), 0) as active_day_bits,
    coalesce(sum(amount) filter (is_income), 0) as income_amount,
    count(*) filter (is_activity and is_customer_initiated and direction_code = 'debit') as spend_count,
    coalesce(sum(amount) filter (is_activity and is_customer_initiated and direction_code = 'debit'), 0) as spend_amount,
    coalesce(sum(debit_sign * amount) filter (is_own_elsewhere), 0) as own_transfer_out_amount,
    coalesce(sum(debit_sign * amount) filter (is_fee), 0) + sum(fee_amount) as fee_amount,
    coalesce(sum(debit_sign * amount) filter (is_interest), 0) as interest_income_amount,
    cast(coalesce(sum(cost_amount) filter (is_activity), 0) as decimal(18, 2)) as transaction_cost_amount
from movements group by all;

create table customer_months as
with parts as (
    select holder.customer_id, holder.account_id, month.month_number, holder.is_primary,
        holder.family_code, holder.side_code, holder.aum_weight, holder.is_market_priced,
        month.balance_amount, month.average_amount,
        cast(case when is_primary then 0 else cast(month.balance_amount as decimal(38, 2)) * holder_share end as decimal(18, 2)) as other_balance,
        cast(case when is_primary then 0 else cast(month.average_amount as decimal(38, 2)) * holder_share end as decimal(18, 2)) as other_average
    from account_months as month join current_holders as holder using (account_id)
    where holder.family_code is not null
),
owned as (
    select * exclude (balance_amount, average_amount),
        case when is_primary then balance_amount - sum(other_balance) over account else other_balance end as balance_amount,
        case when is_primary then average_amount - sum(other_average) over account else other_average end as average_amount
    from parts window account as (partition by account_id, month_number)
),
holdings as (
    select customer_id, month_number,
        cast(sum(greatest(balance_amount, 0) * aum_weight) as decimal(18, 2)) as aum_amount,
        cast(sum(average_amount * aum_weight) as decimal(18, 2)) as aum_month_average_amount,
        cast(coalesce(sum(average_amount * aum_weight) filter (is_market_priced), 0) as decimal(18, 2))
            as market_month_average_amount
    from owned group by all
),
activities as (
    select holder.customer_id, month.month_number,
        sum(transaction_count) as transaction_count,
        sum(transaction_amount) as transaction_amount,
        max(last_active_date) as last_active_date,
        bit_or(active_day_bits) as active_day_bits,
        sum(income_amount) as income_amount,
        sum(own_transfer_out_amount) as own_transfer_out_amount,
        coalesce(sum(spend_amount) filter (family_code = 'card'), 0) as card_spend_amount
    from account_activity_months as month
    join current_holders as holder on month.account_id = holder.account_id and holder.is_primary
    group by all
),
known as (
    select customer_id, min(month_number) as first_month
    from (
        select customer_id, month_number from holdings
        union all
        select customer_id, month_number from activities
        union all
        select customer_id, month_of(min(first_received_date)) from links group by customer_id
    )
    group by customer_id
)
select known.customer_id, months.month_number,
    coalesce(aum_amount, 0) as aum_amount,
    coalesce(aum_month_average_amount, 0) as aum_month_average_amount,
    coalesce(market_month_average_amount, 0) as market_month_average_amount,
    coalesce(transaction_count, 0) as transaction_count,
    coalesce(transaction_amount, 0) as transaction_amount,
    coalesce(income_amount, 0) as income_amount,
    coalesce(own_transfer_out_amount, 0) as own_transfer_out_amount,
    coalesce(card_spend_amount, 0) as card_spend_amount,
    bit_count(coalesce(active_day_bits, 0)) as active_day_count,
    last_active_date
from known
join months on known.first_month <= months.month_number
left join holdings on known.customer_id = holdings.customer_id and months.month_number = holdings.month_number
left join activities on known.customer_id = activities.customer_id and months.month_number = activities.month_number;

create table customer_years as
with days as (select sum(day_count) as day_count from months where month_number > business_month() - 12)
select customer_id,
    coalesce(sum(aum_amount) filter (month_number = business_month()), 0) as aum_amount,
    coalesce(sum(aum_month_average_amount) filter (month_number = business_month()), 0) as aum_month_average_amount,
    per(
        coalesce(sum(aum_month_average_amount * months.day_count) filter (month_number > business_month() - 12), 0),
        any_value(days.day_count)
    ) as aum_year_average_amount,
    coalesce(sum(transaction_count) filter (month_number > business_month() - 12), 0) as transaction_count_12m,
    coalesce(sum(transaction_count) filter (month_number > business_month() - count_parameter('rfm_window_months')), 0)
        as rfm_transaction_count,
    coalesce(sum(transaction_amount) filter (month_number > business_month() - count_parameter('rfm_window_months')), 0)
        as rfm_transaction_amount,
    coalesce(sum(transaction_amount) filter (month_number > business_month() - count_parameter('abc_window_months')), 0)
        as abc_transaction_amount,
    coalesce(sum(transaction_count)
        filter (month_number > business_month() - count_parameter('pyramid_inactive_months')), 0) as recent_transaction_count,
    coalesce(sum(card_spend_amount) filter (month_number > business_month() - 12), 0) as card_spend_amount,
    coalesce(sum(own_transfer_out_amount) filter (month_number > business_month() - 12), 0) as own_transfer_out_amount,
    max(last_active_date) as last_active_date
from customer_months join months using (month_number) cross join days
group by customer_id;

-- what each customer holds of each account tonight, former holders without a balance
create table holdings as
with parts as (
    select holders.*, coalesce(month.balance_amount, 0) as balance_amount,
        cast(case when is_primary then 0 else cast(coalesce(month.balance_amount, 0) as decimal(38, 2)) * holder_share end as decimal(18, 2)) as other_amount
    from holders
    left join account_months as month
        on holders.account_id = month.account_id and month.month_number = business_month()
    where is_current
),
balances as (
    select customer_id, account_id, sum(amount) as balance_amount
    from (
        select *, case when is_primary then balance_amount - sum(other_amount) over (partition by account_id)
            else other_amount end as amount
        from parts
    )
    group by all
)
select held.customer_id, held.account_id, held.is_primary,
    held.is_current and accounts.closed_date is null as is_open,
    accounts.* exclude (customer_id, account_id),
    coalesce(balances.balance_amount, 0) as balance_amount
from (
    select customer_id, account_id, bool_or(is_current) as is_current, bool_or(is_primary) as is_primary
    from holders where role_weight > 0 or is_primary group by all
) as held
join accounts using (account_id)
left join balances on held.customer_id = balances.customer_id and held.account_id = balances.account_id;

create table customer_holdings as
select customer_id,
    min(opened_date) as first_opened_date,
    count(*) filter (is_open) as account_count,
    coalesce(sum(balance_amount) filter (family_code = 'loan' and side_code = 'liability'), 0) as loan_amount,
    coalesce(sum(greatest(balance_amount, 0)) filter (family_code = 'custody' and side_code = 'asset'), 0) as custody_amount
from holdings group by customer_id;
