"""How two records are compared: per field (or per pair of correlated fields) a ladder of levels.

The levels of a comparison are tried from the top; the first that holds counts. Splink evaluates them,
training finds what each is worth. ``guess`` is the first belief in how often one person's records stand on a
level.
"""

from dataclasses import dataclass

from pipelines.identity.matching.fields import Field


@dataclass(frozen=True)
class Level:
    """One level: a code for explanations, its SQL over ``<column>_l`` and ``<column>_r``, a first guess.

    ``frequent``: the column whose frequent values are worth less on this level.
    """

    code: str
    sql: str
    guess: float
    frequent: str | None = None


@dataclass(frozen=True)
class Comparison:
    """A ladder over ``fields``; ``null``: the SQL under which nothing is known.

    ``is_own``: two people of one household agree on it by chance only. ``poor``: how many of the last levels
    no more than a declared share of one person's records can stand on, whatever training believes to see.
    """

    name: str
    fields: tuple[str, ...]
    null: str
    levels: tuple[Level, ...]
    is_own: bool = False
    poor: int = 0


SWAPPED = (
    "given_l <> given_r and jaro_winkler_similarity(given_l, surname_r) >= 0.9 "
    "and jaro_winkler_similarity(surname_l, given_r) >= 0.9"
)
CROSSED = "(surname_l is null and given_l = surname_r) or (surname_r is null and surname_l = given_r)"


def comparisons_of(fields: list[Field]) -> list[Comparison]:
    """The comparisons that a table's fields allow."""
    names = {field.name for field in fields}
    made = []
    if "given" in names:
        made.append(_given("surname" in names))
    if "surname" in names:
        made.append(_surname("given" in names))
    makers = {"date": _date, "id_number": _number, "phone": _phone, "email": _email}
    made += [makers[field.kind](field.name) for field in fields if field.kind in makers]
    paired = set()
    if {"place_1", "postcode_1"} <= names:
        made.append(_area())
        paired |= {"place_1", "postcode_1"}
    if {"street_1", "house_1"} <= names:
        made.append(_street_house())
        paired |= {"street_1", "house_1"}
    for field in fields:
        if field.name not in paired and field.kind in ("place", "street", "text"):
            made.append(_words(field.name))
        elif field.name not in paired and field.kind in ("postcode", "house_number"):
            made.append(_code(field.name))
        elif field.kind == "category":
            made.append(_category(field.name))
    return made


def same(column: str) -> str:
    """Both records have the same value."""
    return f"{column}_l = {column}_r"


def null(*columns: str) -> str:
    """One of the two records lacks each of the columns."""
    return " and ".join(f"({column}_l is null or {column}_r is null)" for column in columns)


def edit(column: str, most: int = 1, longer_than: int = 3) -> str:
    """At most so many letters are wrong, missing or swapped; short values have no room for an error.

    The cheap measures come first: no such pair is less alike, and swapped neighbours are two errors to the
    second.
    """
    left, right = f"{column}_l", f"{column}_r"
    return (
        f"(least(length({left}), length({right})) > {longer_than} "
        f"and abs(length({left}) - length({right})) <= {most} and {alike(column, 0.76)} "
        f"and levenshtein({left}, {right}) <= {most + 1} and damerau_levenshtein({left}, {right}) <= {most})"
    )


def alike(column: str, least: float) -> str:
    """Jaro-Winkler similarity."""
    return f"jaro_winkler_similarity({column}_l, {column}_r) >= {least}"


def _given(has_surname: bool) -> Comparison:
    known = "given_first_l = given_first_r or list_has_any(given_known_l, given_known_r)"
    initial = (
        "(least(length(given_l), length(given_r)) = 1 and left(given_l, 1) = left(given_r, 1)) "
        "or (length(given_l) > 3 and length(given_r) > 3 "
        "and (starts_with(given_l, given_r) or starts_with(given_r, given_l)))"
    )
    levels = [
        Level("same", same("given"), 0.75, "given"),
        Level("variant", f"{known} or {initial}", 0.05),
        Level("close", f"{edit('given')} or {alike('given', 0.92)}", 0.08),
        Level("alike", f"{edit('given', 2, 5)} or {alike('given', 0.82)}", 0.03),
        Level("differs", "else", 0.04),
    ]
    if has_surname:
        levels[2:2] = [Level("swapped", SWAPPED, 0.02), Level("crossed", CROSSED, 0.005)]
    return Comparison("given", ("given",), null("given"), tuple(levels), is_own=True, poor=1)


def _surname(has_given: bool) -> Comparison:
    levels = [
        Level("same", same("surname"), 0.8, "surname"),
        Level(
            "part",
            "list_contains(surname_parts_l, surname_r) or list_contains(surname_parts_r, surname_l) "
            "or list_has_any(surname_parts_l, surname_parts_r)",
            0.02,
        ),
        Level("close", f"{edit('surname')} or {alike('surname', 0.92)}", 0.08),
        Level("alike", f"{edit('surname', 2, 5)} or {alike('surname', 0.82)}", 0.03),
        Level("differs", "else", 0.04),
    ]
    # swapped names are weighed once, with the given name
    unknown = f"{null('surname')} or ({SWAPPED})" if has_given else null("surname")
    return Comparison("surname", ("surname",), unknown, tuple(levels), poor=1)


def _date(name: str) -> Comparison:
    left, right = f"{name}_l", f"{name}_r"

    def equal(first: int, count: int) -> str:
        return f"substr({left}, {first}, {count}) = substr({right}, {first}, {count})"

    turned = f"left({left}, 4) || substr({left}, 7, 2) || substr({left}, 5, 2)"
    partial = f"least(length({left}), length({right})) < 8"
    year, month, day = equal(1, 4), equal(5, 2), equal(7, 2)
    full = f"length({left}) = 8 and length({right}) = 8"
    levels = (
        Level("same", f"{same(name)} and length({left}) = 8", 0.8, name),
        Level("swapped", f"{full} and {turned} = {right}", 0.02),
        Level("close", f"{full} and {edit(name)}", 0.08),
        Level(
            "year_known",
            f"{partial} and (starts_with({left}, {right}) or starts_with({right}, {left}))",
            0.02,
        ),
        Level(
            "two_parts",
            f"{full} and (({year} and {month}) or ({year} and {day}) or ({month} and {day}))",
            0.04,
        ),
        Level("year", f"{year}", 0.01),
        Level(
            "near",
            f"{edit(name, 2)} or abs(try_cast(left({left}, 4) as int) "
            f"- try_cast(left({right}, 4) as int)) = 1",
            0.01,
        ),
        Level("differs", "else", 0.02),
    )
    return Comparison(name, (name,), null(name), levels, is_own=True, poor=3)


def _number(name: str) -> Comparison:
    levels = (
        Level("same", same(name), 0.9, name),
        Level("close", edit(name, 1, 5), 0.06),
        Level("near", edit(name, 2, 6), 0.01),
        Level("differs", "else", 0.03),
    )
    # two valid numbers keep two records apart by rule; as evidence they would hide that all else agrees
    unknown = f"{null(name)} or id_key_l <> id_key_r"
    return Comparison(name, (name,), unknown, levels, is_own=True, poor=1)


def _phone(name: str) -> Comparison:
    levels = (
        Level("same", same(name), 0.7, name),
        Level("tail", f"length({name}_l) > 7 and right({name}_l, 8) = right({name}_r, 8)", 0.03, None),
        Level("close", edit(name, 1, 6), 0.05),
        Level("differs", "else", 0.22),
    )
    return Comparison(name, (name,), null(name), levels)


def _email(name: str) -> Comparison:
    local = f"{name}_local"
    levels = (
        Level("same", same(name), 0.7, name),
        Level("local", f"{same(local)} and length({local}_l) > 4", 0.05, local),
        Level("close", f"{edit(name, 2, 8)} or {alike(name, 0.96)}", 0.05),
        Level("alike", alike(name, 0.88), 0.03),
        Level("differs", "else", 0.17),
    )
    return Comparison(name, (name,), null(name), levels)


def _area() -> Comparison:
    near_place = f"({edit('place_1')} or {alike('place_1', 0.9)})"
    near_code = edit("postcode_1")
    levels = (
        Level("same", f"{same('area')}", 0.55, "area"),
        Level("code_near_place", f"{same('postcode_1')} and {near_place}", 0.06, "postcode_1"),
        Level("place_near_code", f"{same('place_1')} and {near_code}", 0.08, "place_1"),
        Level("code", same("postcode_1"), 0.05, "postcode_1"),
        Level("place", same("place_1"), 0.05, "place_1"),
        Level("near", f"{near_place} and {near_code}", 0.01),
        Level("near_place", near_place, 0.02),
        Level("near_code", near_code, 0.03),
        Level("differs", "else", 0.15),
    )
    return Comparison("area", ("place_1", "postcode_1"), null("place_1", "postcode_1"), levels)


def _street_house() -> Comparison:
    near = f"({edit('street_1', 2, 6)} or {alike('street_1', 0.92)})"
    house = "house_1_l = house_1_r"
    levels = (
        Level("same", same("street_house"), 0.5, "street_house"),
        Level("near_street_house", f"{near} and {house}", 0.15, "house_1"),
        Level("street", same("street_1"), 0.06, "street_1"),
        Level("near_street", near, 0.03),
        Level("house", house, 0.06, "house_1"),
        Level("differs", "else", 0.2),
    )
    return Comparison("street", ("street_1", "house_1"), null("street_1", "house_1"), levels)


def _words(name: str) -> Comparison:
    levels = (
        Level("same", same(name), 0.7, name),
        # whatever is close is alike: most pairs end at the first look
        Level(
            "close",
            f"{alike(name, 0.76)} and ({alike(name, 0.92)} or {edit(name, 2, 6)} or {edit(name)})",
            0.1,
        ),
        Level("alike", alike(name, 0.82), 0.05),
        Level("differs", "else", 0.15),
    )
    return Comparison(name, (name,), null(name), levels)


def _code(name: str) -> Comparison:
    levels = (
        Level("same", same(name), 0.75, name),
        Level("close", edit(name, 1, 2), 0.1),
        Level("differs", "else", 0.15),
    )
    return Comparison(name, (name,), null(name), levels)


def _category(name: str) -> Comparison:
    levels = (Level("same", same(name), 0.9, name), Level("differs", "else", 0.1))
    return Comparison(name, (name,), null(name), levels)
