"""From the columns of a foreign table to the fields that are compared.

A field is a column of the table ``fields`` (or several, for what a comparison needs of it): names in
``given`` and ``surname``, the first date in ``date_1``, the next in ``date_2`` and so on.
"""

from dataclasses import dataclass

from pipelines.identity.matching.rules import Rules


@dataclass(frozen=True)
class Field:
    """One compared field: ``name`` (its column), ``kind`` and the SQL that makes each of its columns."""

    name: str
    kind: str
    columns: dict[str, str]


def fields_of(rules: Rules, month_first: frozenset[str] = frozenset()) -> list[Field]:
    """The fields that the rules give, in a fixed order; ``month_first``: date columns written m/d/y."""
    return [
        *_names(rules),
        *_dates(rules, month_first),
        *_numbered(rules, "id_number", "id", lambda name, t: {name: f"tidy_id({t})"}),
        *_numbered(rules, "phone", "phone", lambda name, t: {name: f"tidy_phone({t})"}),
        *_numbered(rules, "email", "email", lambda name, t: {name: f"tidy_email({t})"}),
        *_numbered(rules, "postcode", "postcode", lambda name, t: {name: f"tidy_postcode({t})"}),
        *_numbered(rules, "place", "place", lambda name, t: {name: f"tidy_place({t})"}),
        *_numbered(rules, "street", "street", lambda name, t: {name: f"tidy_street({t})"}),
        *_houses(rules),
        *_numbered(rules, "category", "category", lambda name, t: {name: f"letters(tidy_text({t}))"}),
        *_numbered(rules, "text", "text", lambda name, t: {name: f"tidy_text({t})"}),
    ]


def quoted(column: str) -> str:
    """A column name as SQL writes it."""
    return '"' + column.replace('"', '""') + '"'


def _numbered(rules: Rules, kind: str, name: str, columns) -> list[Field]:  # noqa: ANN001
    return [
        Field(f"{name}_{number}", kind, columns(f"{name}_{number}", quoted(column)))
        for number, column in enumerate(rules.columns(kind), start=1)
    ]


def _spelt(rules: Rules, kind: str) -> str | None:
    columns = [quoted(column) for column in rules.columns(kind)]
    if not columns:
        return None
    return columns[0] if len(columns) == 1 else f"concat_ws(' ', {', '.join(columns)})"


def _names(rules: Rules) -> list[Field]:
    given, surname, full = (_spelt(rules, kind) for kind in ("given_name", "surname", "full_name"))
    if not (given or surname or full):
        return []
    parts = {"given": [], "surname": []}
    for part, own in (("given", given), ("surname", surname)):
        if own:
            parts[part].append(f"tidy_name({own})")
        if full and not (own and given and surname):
            parts[part].append(f"{part}_of(tidy_name(turned({full})))")
    if full and given and surname:  # the full name speaks where both parts are silent
        silent = f"tidy_name({given}) is null and tidy_name({surname}) is null"
        for part in parts:
            parts[part].append(f"case when {silent} then {part}_of(tidy_name(turned({full}))) end")
    fields = []
    for part, sources in parts.items():
        if sources:
            words = f"coalesce({', '.join(sources)})"
            fields.append(Field(part, "given_name" if part == "given" else part, {f"{part}_words": words}))
    return fields


def _dates(rules: Rules, month_first: frozenset[str]) -> list[Field]:
    texts = [
        f"tidy_date({quoted(column)}, {str(column in month_first).lower()})" for column in rules.columns("date")
    ]
    parts = {kind: rules.columns(kind) for kind in ("year", "month", "day")}
    if any(parts.values()):
        texts.insert(0, _assembled(**{kind: own[0] if own else None for kind, own in parts.items()}))
    return [
        Field(f"date_{number}", "date", {f"date_{number}": text}) for number, text in enumerate(texts, start=1)
    ]


def _assembled(year: str | None, month: str | None, day: str | None) -> str:
    """yyyymmdd of three columns; 0000 or 00 stands for a part nobody knows."""

    def part(column: str | None, digits: int) -> str:
        if column is None:
            return f"'{'0' * digits}'"
        number = f"regexp_extract(folded({quoted(column)}), '[0-9]+')"
        return f"coalesce(right(lpad({number}, {digits}, '0'), {digits}), '{'0' * digits}')"

    return f"assembled_date({part(year, 4)}, {part(month, 2)}, {part(day, 2)})"


def _houses(rules: Rules) -> list[Field]:
    text = _spelt(rules, "house_number")
    return [Field("house_1", "house_number", {"house_1": f"tidy_house({text})"})] if text else []
