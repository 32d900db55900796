"""One spelling for every value, as DuckDB macros: a value that cannot be real is null and never links.

Each macro takes and gives text.
"""

from duckdb import DuckDBPyConnection

from pipelines.identity import numbers
from pipelines.identity.matching.fields import literal

_FULL = "".join(map(chr, range(0xFF01, 0xFF5F))) + "\u3000"
_HALF = "".join(map(chr, range(0x21, 0x7F))) + " "
# Of these no sign has another spelling.
_HAN = "\\x{3400}-\\x{4DBF}\\x{4E00}-\\x{9FFF}"
_NOTHING = (
    *(
        "unknown",
        "unbekannt",
        "n/a",
        "na",
        "nan",
        "none",
        "null",
        "nil",
        "no name",
        "not known",
        "test",
        "tbd",
    ),
    *("unk", "-", "--", ".", "?", "未知", "不详", "无", "暂无", "没有", "待补", "测试"),
)
_PHONE_FILLERS = ("12345678", "123456789", "1234567890", "13800138000", "12345678901", "13812345678")
_TITLES = (
    *("mr", "mrs", "ms", "miss", "sir", "dame", "lord", "lady", "dr", "prof", "professor", "rev", "reverend"),
    *("herr", "frau", "captain", "capt", "colonel", "col", "jr", "sr", "junior", "senior", "esq", "baronet"),
    *("bart", "earl", "baron", "baroness", "viscount", "duke", "count", "marquess", "1st", "2nd", "3rd"),
    *("4th", "5th", "6th", "7th", "8th", "9th", "10th", "11th", "12th", "先生", "女士", "小姐"),
)
_TWO_CHARACTER_SURNAMES = (
    *("欧阳", "司马", "上官", "诸葛", "司徒", "东方", "独孤", "南宫", "夏侯", "皇甫", "尉迟"),
    *("公孙", "慕容", "令狐", "宇文", "长孙", "司空", "端木", "轩辕", "太史", "歐陽", "諸葛"),
)
_STREETS = {
    "st": "street",
    "rd": "road",
    "ave": "avenue",
    "av": "avenue",
    "dr": "drive",
    "pl": "place",
    "ct": "court",
    "cr": "crescent",
    "cres": "crescent",
    "cl": "close",
    "tce": "terrace",
    "hwy": "highway",
    "strasse": "str",
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def create_macros(connection: DuckDBPyConnection) -> None:
    """Make every macro of this module in the connection's database."""
    for statement in (*_texts(), *_names(), *_dates(), *_numbers(), *_contacts()):
        connection.execute(f"create or replace macro {statement}")


def _listed(words: tuple[str, ...] | list[str]) -> str:
    return "(" + ", ".join(map(literal, words)) + ")"


def _texts() -> list[str]:
    streets = "t"
    for short, long in _STREETS.items():
        streets = f"regexp_replace({streets}, '\\b{short}\\b', '{long}', 'g')"
    return [
        # almost no text holds a full-width character, and translating is dear
        "half_width(t) as case when regexp_matches(t, '[\\x{3000}\\x{FF01}-\\x{FF5E}]') "
        f"then translate(t, {literal(_FULL)}, {literal(_HALF)}) else t end",
        "plain(t) as translate(replace(replace(lower(strip_accents(half_width(t))), 'ß', 'ss'), 'æ', 'ae'), "
        "'øłđðþ', 'olddt')",
        # most texts are as they should be: one look tells
        f"folded(t) as case when regexp_full_match(t, '[-a-z0-9@._:{_HAN}]*') then t "
        "else trim(regexp_replace(case when strlen(t) = length(t) then lower(t) else plain(t) end, "
        "'[\\s\\x{200b}\\x{feff}]+', ' ', 'g')) end",
        f"something(t) as case when t = '' or t in {_listed(_NOTHING)} then null else t end",
        f"letters(t) as nullif(case when regexp_full_match(t, '[a-z0-9{_HAN}]*') then t "
        "else regexp_replace(t, '[^\\p{L}\\p{N}]+', '', 'g') end, '')",
        "is_repeated(t) as length(t) >= 3 and length(replace(t, left(t, 1), '')) = 0",
        f"spelt_out(t) as {streets}",
        f"words(t) as nullif(case when regexp_full_match(t, '[a-z0-9{_HAN}]*') then t "
        "else trim(regexp_replace(t, '[^\\p{L}\\p{N}]+', ' ', 'g')) end, '')",
        "city(t) as regexp_replace(t, '(.)市$', '\\1')",
        "house(t) as nullif(ltrim(letters(t), '0'), '')",
        "genuine(t) as case when is_repeated(t) then null else t end",
    ]


def _names() -> list[str]:
    titles = "|".join(_TITLES)
    return [
        # two passes: neighbours share the blank between them
        f"untitled(t) as trim(regexp_replace(regexp_replace(' ' || t || ' ', ' ({titles}) ', ' ', 'g'), "
        f"' ({titles}) ', ' ', 'g'))",
        f"name_words(t) as case when regexp_full_match(t, '[a-z]+|[{_HAN}]+') "
        f"and t not in {_listed(_TITLES)} then t "
        "else words(untitled(regexp_replace(translate(t, '''’`´', ''), '[.,;()\"]+', ' ', 'g'))) end",
        # 'Smith, John' says itself which part is which
        "turned(t) as case when contains(t, ',') and not regexp_matches(t, ',.*,') "
        "then split_part(t, ',', 2) || ' ' || split_part(t, ',', 1) else t end",
        "is_han(t) as regexp_matches(t, '^[\\p{Han} ]+$')",
        "han_joined(t) as case when contains(t, ' ') and is_han(t) then replace(t, ' ', '') else t end",
        f"han_surname(t) as case when length(t) > 2 and left(t, 2) in {_listed(_TWO_CHARACTER_SURNAMES)} "
        "then left(t, 2) else left(t, 1) end",
        "han_part(t, part) as case when part = 'surname' then han_surname(t) "
        "else nullif(substr(t, length(han_surname(t)) + 1), '') end",
        "last_part(t, part) as case when part = 'surname' then split_part(t, ' ', -1) "
        "else nullif(trim(left(t, length(t) - length(split_part(t, ' ', -1)))), '') end",
        "part_name(t, part) as case when is_han(t) then han_part(t, part) else last_part(t, part) end",
        # where a table has both, a full name stands behind a mark
        *(
            f"marked_{step}(t{more}) as case when starts_with(t, 'full:') "
            f"then {mark}{step}(substr(t, 6){more}) else {otherwise} end"
            for step, more, mark, otherwise in (
                ("turned", "", "'full:' || ", "t"),
                ("name_words", "", "'full:' || ", "name_words(t)"),
                ("han_joined", "", "'full:' || ", "t"),
                ("part_name", ", part", "", "t"),
            )
        ),
    ]


def _dates() -> list[str]:
    months = "t"
    for number, month in enumerate(_MONTHS, start=1):
        months = f"regexp_replace({months}, '\\b{month}[a-z]*\\b', '/{number}/', 'g')"
    year_first = r"^(\d{4})[-/.年 ]+(\d{1,2})(?:[-/.月 ]+(\d{1,2}))?"
    day_first = r"^(\d{1,2})[-/. ]+(\d{1,2})[-/. ]+(\d{4})"
    return [
        f"date_text(t) as case when regexp_matches(t, '[a-z]') then trim(regexp_replace({months}, "
        "'[ ,/]+', '/', 'g'), '/ ') else t end",
        "two(t) as case when length(t) between 1 and 2 then lpad(t, 2, '0') else '' end",
        # yyyymmdd, yyyymm or yyyy; digits as they stand when they are no date at all
        "date_digits(t, month_first) as case when regexp_full_match(t, '\\d{4}-\\d\\d-\\d\\d') "
        "then replace(t, '-', '') "
        f"when regexp_matches(t, '{year_first}') then regexp_extract(t, '{year_first}', 1) "
        f"|| two(regexp_extract(t, '{year_first}', 2)) || two(regexp_extract(t, '{year_first}', 3)) "
        f"when regexp_matches(t, '{day_first}') then regexp_extract(t, '{day_first}', 3) "
        f"|| case when month_first then two(regexp_extract(t, '{day_first}', 1)) "
        f"|| two(regexp_extract(t, '{day_first}', 2)) else two(regexp_extract(t, '{day_first}', 2)) "
        f"|| two(regexp_extract(t, '{day_first}', 1)) end "
        "when regexp_matches(t, '^\\d{8}$') and substr(t, 5, 2) > '12' and right(t, 4) between '1800' "
        "and '2100' "
        "and left(t, 4) not between '1800' and '2100' then right(t, 4) || substr(t, 3, 2) || left(t, 2) "
        "else regexp_replace(t, '[^0-9]', '', 'g') end",
        # 19800000 and 198005 know less than 19800517: zeros for a part nobody knows are taken off
        "known_date(t) as case when length(t) < 4 or left(t, 4) in ('0000', '9999') or is_repeated(t) "
        "then null "
        "when substr(t, 5) in ('', '00', '0000') then left(t, 4) "
        "when length(t) = 8 and right(t, 2) = '00' then left(t, 6) else left(t, 8) end",
    ]


def _numbers() -> list[str]:
    # written out: a list, or a text, per digit costs more than all else that is done to a number
    digits = " + ".join(
        f"{weight} * (n // {10 ** (16 - place)} % 10)"
        for place, weight in enumerate(numbers.IDENTITY_WEIGHTS)
    )
    companies = list(numbers.COMPANY_WEIGHTS)
    alphabet = numbers.COMPANY_ALPHABET
    shape = f"^{numbers.COMPANY_SHAPE}$"
    return [
        # a list of one, so that the number is read once, not once per digit
        "person_check(t) as list_transform([try_cast(left(t, 17) as bigint)], lambda n: "
        f"substr('{numbers.IDENTITY_CHECKS}', 1 + ({digits}) % 11, 1))[1]",
        f"company_check(t) as substr('{alphabet}', 1 + (31 - list_sum(list_transform(range(1, 18), "
        f"lambda i: (instr('{alphabet}', substr(t, i, 1)) - 1) * {companies}[i]))::int % 31) % 31, 1)",
        "lengthened(t) as case when length(t) = 15 and regexp_matches(t, '^[1-9][0-9]{14}$') "
        "and not is_repeated(t) then left(t, 6) || '19' || substr(t, 7) "
        "|| person_check(left(t, 6) || '19' || substr(t, 7)) else t end",
        "is_person_number(t) as regexp_matches(t, '^[1-9][0-9]{16}[0-9X]$') and not is_repeated(t) "
        "and try_strptime(substr(t, 7, 8), '%Y%m%d') >= timestamp '1800-01-01' "
        "and person_check(t) = right(t, 1)",
        f"is_company_code(t) as regexp_matches(t, '{shape}') and not is_repeated(t) "
        "and company_check(t) = right(t, 1)",
        "number_key(t) as case when is_person_number(t) then 'ID:' || t "
        "when is_company_code(t) then 'USCC:' || t end",
    ]


def _contacts() -> list[str]:
    return [
        "phone_digits(t) as ltrim(case when regexp_full_match(t, '[0-9]*') then t "
        "else regexp_replace(t, '[^0-9]', '', 'g') end, '0')",
        "home_phone(t) as case when length(t) = 13 and left(t, 2) = '86' then right(t, 11) else t end",
        f"real_phone(t) as case when length(t) < 5 or is_repeated(t) or t in {_listed(_PHONE_FILLERS)} "
        f"then null "
        "else t end",
        "real_email(t) as case when length(letters(t)) < 4 or split_part(t, '@', 1) in "
        "('none', 'no', 'noemail', 'nomail', 'test', 'unknown', 'na') then null else replace(t, ' ', '') end",
    ]
