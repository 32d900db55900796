select
    cast(customer.customer_id as text) as customer_id,
    cast(customer.customer_kind_code as text) as customer_kind_code,
    cast(customer.branch_id as text) as branch_id,
    cast(customer.region_name as text) as region_name,
    cast(coalesce(customer.sex_code, 'unknown') as text) as sex_code,
    cast({{ whole_years('customer.birth_date', business_date()) }} as integer) as age_years,
    cast(customer.occupation_code as text) as occupation_code,
    cast(holding.first_opened_date as date) as first_opened_date,
    cast({{ whole_months('holding.first_opened_date', business_date()) }} as integer) as tenure_months,
    cast(coalesce(holding.account_count, 0) as integer) as account_count,
    cast(coalesce(holding.current_deposit_amount, 0) as decimal(18, 2)) as current_deposit_amount,
    cast(coalesce(holding.term_deposit_amount, 0) as decimal(18, 2)) as term_deposit_amount,
    cast(coalesce(holding.deposit_amount, 0) as decimal(18, 2)) as deposit_amount,
    cast(coalesce(holding.investment_amount, 0) as decimal(18, 2)) as wealth_amount,
    cast(coalesce(holding.overdraft_amount, 0) as decimal(18, 2)) as overdraft_amount,
    cast(coalesce(holding.loan_amount, 0) as decimal(18, 2)) as loan_amount,
    cast(coalesce(holding.card_amount, 0) as decimal(18, 2)) as card_debt_amount,
    cast(coalesce(holding.liability_amount, 0) as decimal(18, 2)) as liability_amount,
    cast(activity.aum_amount as decimal(18, 2)) as aum_amount,
    cast(activity.aum_month_average_amount as decimal(18, 2)) as aum_month_average_amount,
    cast({{ policy_code('base_currency') }} as text) as currency_code,
    cast(activity.transaction_count_1m as bigint) as transaction_count_1m,
    cast(activity.transaction_count_3m as bigint) as transaction_count_3m,
    cast(activity.transaction_count_6m as bigint) as transaction_count_6m,
    cast(activity.transaction_count_12m as bigint) as transaction_count_12m,
    cast(activity.transaction_amount_12m as decimal(18, 2)) as transaction_amount_12m,
    cast(activity.branch_channel_count_12m as bigint) as branch_channel_count_12m,
    cast(activity.self_service_channel_count_12m as bigint) as self_service_channel_count_12m,
    cast(activity.phone_channel_count_12m as bigint) as phone_channel_count_12m,
    cast(activity.web_channel_count_12m as bigint) as web_channel_count_12m,
    cast(activity.mobile_channel_count_12m as bigint) as mobile_channel_count_12m,
    cast(activity.card_channel_count_12m as bigint) as card_channel_count_12m,
    cast(activity.last_active_date as date) as last_active_date,
    cast(life_cycle.life_cycle_code as text) as life_cycle_code,
    cast(customer.source_count as integer) as source_count,
    {{ business_date() }} as business_date,
    cast(coalesce(customer.is_sole_trader, false) as boolean) as is_sole_trader,
    cast(customer.position_code as text) as position_code,
    cast(customer.industry_code as text) as industry_code,
    cast(customer.annual_income_amount as decimal(18, 2)) as annual_income_amount,
    cast(customer.family_status_code as text) as family_status_code,
    cast(customer.hobby_name as text) as hobby_name,
    cast(customer.institution_type_code as text) as institution_type_code,
    cast(customer.institution_rank_code as text) as institution_rank_code,
    cast(customer.risk_rating_code as text) as risk_rating_code,
    cast(preference.preferred_channel_code as text) as preferred_channel_code,
    cast(preference.preference_basis_code as text) as preference_basis_code,
    cast(contact.is_do_not_contact as boolean) as is_do_not_contact,
    cast(contact.is_contactable as boolean) as is_contactable,
    cast(contact.has_contact_gap as boolean) as has_contact_gap,
    cast(coalesce(holding.insurance_amount, 0) as decimal(18, 2)) as insurance_amount,
    cast(coalesce(holding.custody_amount, 0) as decimal(18, 2)) as custody_amount,
    cast(coalesce(holding.asset_amount, 0) as decimal(18, 2)) as asset_amount,
    cast(coalesce(holding.overdue_days, 0) > 0 as boolean) as is_overdue,
    cast(coalesce(holding.overdue_days, 0) as integer) as overdue_days
    {%- for channel in ['phone', 'web', 'mobile', 'video', 'message'] %},
    cast(preference.{{ channel }}_session_count_12m as bigint) as {{ channel }}_session_count_12m
    {%- endfor %},
    cast(activity.aum_year_average_amount as decimal(18, 2)) as aum_year_average_amount,
    cast(
        customer.customer_kind_code = 'person'
        and activity.deposit_year_average_amount >= {{ policy_value('card_marketing_deposit_amount') }} as boolean
    ) as is_card_marketing_eligible,
    cast(
        case
            when customer.customer_kind_code = 'person'
                then activity.deposit_year_average_amount - {{ policy_value('card_marketing_deposit_amount') }}
        end as decimal(18, 2)
    ) as card_marketing_distance_amount
from {{ ref('customers') }} as customer
inner join {{ ref('customer_activity_months') }} as activity
    on
        customer.customer_id = activity.customer_id
        and activity.month_number = {{ business_month() }}
left join {{ ref('customer_holdings') }} as holding on customer.customer_id = holding.customer_id
left join {{ ref('customer_life_cycles') }} as life_cycle on customer.customer_id = life_cycle.customer_id
left join {{ ref('channel_preferences') }} as preference on customer.customer_id = preference.customer_id
left join {{ ref('contact_states') }} as contact on customer.customer_id = contact.customer_id
