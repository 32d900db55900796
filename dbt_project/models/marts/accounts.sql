with

versions as (
    select
        account.*,
        row_number() over (
            partition by source_code, source_account_id
            order by received_date desc nulls last, line_number desc nulls last
        ) as version_rank
    from {{ ref('int_accounts_unioned') }} as account
)

select
    {{ bank_account_id('version.source_code', 'version.source_account_id') }} as account_id,
    holder.customer_id,
    version.source_code,
    version.source_account_id,
    version.product_code,
    product.product_class_code,
    class.family_code,
    class.side_code,
    class.aum_weight,
    version.currency_code,
    version.branch_id,
    version.annual_rate,
    version.opened_date,
    version.maturity_date,
    case when version.closed_date <= {{ business_date() }} then version.closed_date end as closed_date
from versions as version
inner join {{ ref('account_holders') }} as holder
    on
        {{ bank_account_id('version.source_code', 'version.source_account_id') }} = holder.account_id
        and holder.is_primary
left join {{ source('policy', 'products') }} as product
    on
        version.source_code = product.source_code
        and version.product_code = product.product_code
        and {{ in_force('product') }}
left join {{ source('policy', 'product_classes') }} as class
    on product.product_class_code = class.product_class_code and {{ in_force('class') }}
where version.version_rank = 1
