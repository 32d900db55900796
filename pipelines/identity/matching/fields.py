"""From the columns of a foreign table to the fields that are compared.

A field is a column of the table ``fields`` (or several, for what a comparison needs of it): names in
``given`` and ``surname``, the first date in ``date_1``, the next in ``date_2`` and so on.
"""

from dataclasses import dataclass

from pipelines.identity.matching.rules import Rules

_TIDY = ("folded(t)", "something(t)")


@dataclass(frozen=True)
class Field:
    """One compared field: ``name`` (its column in ``fields``), ``kind``, and how its text is made.

    ``text`` is SQL over the records; each of ``steps`` is SQL over ``t``, the outcome of the step before.
    """

    name: str
    kind: str
    text: str
    steps: tuple[str, ...]


def fields_of(rules: Rules, month_first: frozenset[str] = frozenset()) -> list[Field]:
    """The fields that the rules give, in a fixed order; ``month_first``: date columns written m/d/y."""
    return [
        *_names(rules),
        *_dates(rules, month_first),
        *_numbered(rules, "id_number", "id", "genuine(upper(letters(t)))", "lengthened(t)"),
        *_numbered(rules, "phone", "phone", "phone_digits(t)", "real_phone(home_phone(t))"),
        *_numbered(rules, "email", "email", "real_email(t)"),
        *_numbered(rules, "postcode", "postcode", "genuine(letters(t))"),
        *_numbered(rules, "place", "place", "city(words(t))"),
        *_numbered(rules, "street", "street", "words(spelt_out(replace(t, '.', ' ')))"),
        *_houses(rules),
        *_numbered(rules, "category", "category", "letters(t)"),
        *_numbered(rules, "text", "text", "words(t)"),
    ]


def quoted(column: str) -> str:
    """A column name as SQL writes it."""
    return '"' + column.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def _numbered(rules: Rules, kind: str, name: str, *steps: str) -> list[Field]:
    return [
        Field(f"{name}_{number}", kind, quoted(column), (*_TIDY, *steps))
        for number, column in enumerate(rules.columns(kind), start=1)
    ]


def _spelt(rules: Rules, kind: str) -> str | None:
    columns = [quoted(column) for column in rules.columns(kind)]
    if not columns:
        return None
    return columns[0] if len(columns) == 1 else f"nullif(concat_ws(' ', {', '.join(columns)}), '')"


def _names(rules: Rules) -> list[Field]:
    given, surname, full = (_spelt(rules, kind) for kind in ("given_name", "surname", "full_name"))
    fields = []
    for part, kind, own in (("given", "given_name", given), ("surname", "surname", surname)):
        before, mark = ("folded(t)",), ""
        if full and own:  # the full name speaks where the parts are silent
            before, mark = _TIDY, "marked_"
            silent = " and ".join(f"nullif(trim({text}), '') is null" for text in (given, surname) if text)
            text = f"case when {silent} then 'full:' || {full} else {own} end"
        else:
            text = full or own
        if full:
            steps = ("turned(t)", "name_words(t)", "han_joined(t)", f"part_name(t, '{part}')")
            fields.append(Field(part, kind, text, (*before, *(mark + step for step in steps))))
        elif own:
            fields.append(Field(part, kind, own, (*_TIDY, "name_words(t)")))
    return fields


def _dates(rules: Rules, month_first: frozenset[str]) -> list[Field]:
    fields = []
    parts = {kind: rules.columns(kind) for kind in ("year", "month", "day")}
    if any(parts.values()):
        text = _assembled(**{kind: own[0] if own else None for kind, own in parts.items()})
        fields.append(Field("date_1", "date", text, ("known_date(t)",)))
    for column in rules.columns("date"):
        steps = (
            *_TIDY,
            "date_text(t)",
            f"date_digits(t, {str(column in month_first).lower()})",
            "known_date(t)",
        )
        fields.append(Field(f"date_{len(fields) + 1}", "date", quoted(column), steps))
    return fields


def _assembled(year: str | None, month: str | None, day: str | None) -> str:
    """yyyymmdd of three columns; 0000 or 00 stands for a part nobody knows."""

    def part(column: str | None, digits: int) -> str:
        if column is None:
            return f"'{'0' * digits}'"
        number = f"regexp_extract(folded({quoted(column)}), '[0-9]+')"
        return f"coalesce(right(lpad({number}, {digits}, '0'), {digits}), '{'0' * digits}')"

    return f"{part(year, 4)} || {part(month, 2)} || {part(day, 2)}"


def _houses(rules: Rules) -> list[Field]:
    text = _spelt(rules, "house_number")
    return [Field("house_1", "house_number", text, (*_TIDY, "house(t)"))] if text else []
