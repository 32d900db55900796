-- what a customer is, by the kind of its number and the number
with cases as (
    select 'id' as identity_type_code, '911101010000000000' as identity_number, 'person' as kind, null as is_trader
    union all select null, '91110101MA00000000', 'person', null
    union all select 'uscc', '91110101MA00000000', 'company', 'false'
    union all select 'uscc', '93110101MA00000000', 'company', 'false'
    union all select 'uscc', '92110101MA00000000', 'person', 'true'
    union all select 'uscc', ' ９２110101MA00000000', 'person', 'true'
    union all select 'uscc', '12110101MA00000000', 'institution', 'false'
    union all select 'uscc', '１２110101MA00000000', 'institution', 'false'
    union all select 'uscc', '11110101MA00000000', 'institution', 'false'
    union all select 'uscc', '111111111111111111', 'company', 'false'
    union all select 'uscc', '53110101MA00000000', 'institution', 'false'
    union all select 'uscc', '51110101MA00000000', 'institution', 'false'
    union all select 'uscc', '52110101MA00000000', 'company', 'false'
    union all select 'uscc', '10110101MA00000000', 'company', 'false'
    union all select 'uscc', '000000', 'company', 'false'
    union all select 'uscc', null, 'company', 'false'
),

tried as (
    select
        cases.*,
        {{ customer_kind_by_number() }} as actual_kind,
        {{ is_sole_trader_by_number() }} as actual_is_trader
    from cases
)

select *
from tried
where actual_kind is distinct from kind or actual_is_trader is distinct from cast(is_trader as boolean)
