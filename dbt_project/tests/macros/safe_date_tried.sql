-- a cell that is not a day of the calendar in the declared shape is null, never an error
with cases as (
    select 'yyyy-mm-dd' as format, '2026-02-28' as cell, '2026-02-28' as expected
    union all select 'yyyy-mm-dd', '2026-02-29', null
    union all select 'yyyy-mm-dd', '2024-02-29', '2024-02-29'
    union all select 'yyyy-mm-dd', '0000-01-01', null
    union all select 'yyyy-mm-dd', '2026-13-01', null
    union all select 'yyyy-mm-dd', '2026-1-1', null
    union all select 'yyyy-mm-dd', '20260228', null
    union all select 'yyyy-mm-dd', ' 2026-02-28', null
    union all select 'yyyy-mm-dd', '2026-02-28 00:00:00', null
    union all select 'yyyy-mm-dd', 'J2451187', null
    union all select 'yyyy-mm-dd', 'infinity', null
    union all select 'yyyy-mm-dd', 'today', null
    union all select 'yyyy-mm-dd', '', null
    union all select 'yyyy-mm-dd', null, null
    union all select 'yymmdd', '930101', '1993-01-01'
    union all select 'yymmdd', '700101', '1970-01-01'
    union all select 'yymmdd', '691231', '2069-12-31'
    union all select 'yymmdd', '930229', null
    union all select 'yymmdd', '706213', null
    union all select 'yymmdd', '93010', null
    union all select 'yymmdd', '9301011', null
    union all select 'yymmdd', '93-1-1', null
    union all select 'yymmdd', null, null
    union all select 'yymmddhhmmss', '931107 00:00:00', '1993-11-07'
    union all select 'yymmddhhmmss', '931107 23:59:59', '1993-11-07'
    union all select 'yymmddhhmmss', '931307 00:00:00', null
    union all select 'yymmddhhmmss', '931107', null
),

tried as (
    select
        format,
        cell,
        cast(expected as date) as expected,
        case format
            when 'yyyy-mm-dd' then {{ safe_date('cell') }}
            when 'yymmdd' then {{ safe_date('cell', 'yymmdd') }}
            else {{ safe_date('cell', 'yymmddhhmmss') }}
        end as actual
    from cases
)

select * from tried where actual is distinct from expected
