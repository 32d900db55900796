-- V1, V2: the rate the customer gets or pays and the transfer price his balance is measured by. Booked interest needs
-- no rate. An overdrawn account is a loan at a rate of its own
select
    month.account_id,
    month.month_number,
    month.is_open,
    class.curve_code,
    class.fee_family_code,
    class.service_cost_amount,
    class.fixed_cost_amount,
    class.rate_basis_code = 'booked' as is_booked,
    case when class.curve_code = 'deposit' then month.average_amount else 0 end as deposit_average_amount,
    case when class.curve_code = 'loan' then month.average_amount else 0 end as debt_average_amount,
    case when class.curve_code = 'deposit' then month.overdraft_average_amount else 0 end as overdraft_average_amount,
    cast(
        case class.rate_basis_code
            when 'contract' then coalesce(pricing.annual_rate, class.annual_rate)
            when 'listed' then coalesce(posted.annual_rate, class.annual_rate)
        end as decimal(18, 8)
    ) as account_rate,
    cast(
        case when class.transfer_basis_code = 'matched' then matched.annual_rate else floating.annual_rate end
        as decimal(18, 8)
    ) as transfer_rate,
    overdrawn.annual_rate as overdraft_transfer_rate,
    month.fee_amount,
    month.interest_income_amount,
    month.transaction_cost_amount
from {{ ref('int_account_months_gathered') }} as month
inner join {{ ref('int_month_products_classed') }} as class
    on
        month.month_number = class.month_number
        and month.source_code = class.source_code
        and month.product_code = class.product_code
left join {{ ref('int_account_pricings_dated') }} as pricing
    on month.account_id = pricing.account_id and month.last_date between pricing.from_date and pricing.until_date
left join {{ ref('int_month_product_rates_averaged') }} as posted
    on
        class.rate_basis_code = 'listed'
        and month.month_number = posted.month_number
        and month.source_code = posted.source_code
        and month.product_code = posted.product_code
        and {{ of_term('coalesce(pricing.term_days, 0)', 'posted') }}
left join {{ ref('int_transfer_prices_matched') }} as matched
    on
        class.transfer_basis_code = 'matched'
        and class.curve_code = matched.curve_code
        and coalesce(pricing.priced_date, month.opened_date) = matched.priced_date
        and {{ of_term('pricing.term_days', 'matched') }}
left join {{ ref('int_month_transfer_prices_averaged') }} as floating
    on month.month_number = floating.month_number and class.curve_code = floating.curve_code
left join {{ ref('int_month_transfer_prices_averaged') }} as overdrawn
    on month.month_number = overdrawn.month_number and overdrawn.curve_code = 'loan'
