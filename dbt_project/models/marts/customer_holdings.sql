-- balances at the end of the business day by product class; an overdrawn account is a liability, never negative AUM
with

balances as (
    select
        account.customer_id,
        account.product_class_code,
        account.side_code,
        account.opened_date,
        account.closed_date,
        coalesce(month.balance_amount, 0) as balance_amount
    from {{ ref('accounts') }} as account
    left join {{ ref('account_months') }} as month
        on
            account.account_id = month.account_id
            and month.month_number = {{ month_number(business_date()) }}
)

select
    customer_id,
    min(opened_date) as first_opened_date,
    cast(count(*) as integer) as ever_account_count,
    cast(sum(case when closed_date is null then 1 else 0 end) as integer) as account_count
    {%- for class in ['current_deposit', 'term_deposit', 'wealth', 'fund'] %},
    cast(sum(case when product_class_code = '{{ class }}' then greatest(balance_amount, 0) else 0 end)
        as decimal(18, 2)) as {{ class }}_amount
    {%- endfor %},
    cast(sum(case when side_code = 'asset' then greatest(-balance_amount, 0) else 0 end)
        as decimal(18, 2)) as overdraft_amount
    {%- for class in ['personal_loan', 'credit_card'] %},
    cast(sum(case when product_class_code = '{{ class }}' then balance_amount else 0 end)
        as decimal(18, 2)) as {{ class }}_amount
    {%- endfor %},
    cast(sum(case side_code
        when 'liability' then balance_amount
        when 'asset' then greatest(-balance_amount, 0)
        else 0
    end) as decimal(18, 2)) as liability_amount
from balances
group by customer_id
