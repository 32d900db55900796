"""One policy cell: from the file's text to a typed value, and back to the one text it is hashed as."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from pipelines.policy.shapes import Column

Value = str | int | Decimal | bool | date | None

_NUMBER = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,8})?")
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CODE = re.compile(r"[a-z0-9][a-z0-9_.]*")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def parse_cell(column: Column, text: str) -> Value:
    """The typed value of a cell; ValueError with the reason when it is not one of the column's kind."""
    if text != text.strip():
        raise ValueError(f"{column.name} begins or ends with a blank")
    if not text:
        if column.is_optional:
            return None
        raise ValueError(f"{column.name} is empty")
    return _PARSERS[column.kind](column.name, text)


def parse_number(name: str, text: str) -> Decimal:
    """A plain decimal number with at most 8 decimals; no exponent, no thousands separator, no NaN."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{name} {text!r} is not a plain number with at most 8 decimals")
    return Decimal(text)


def canonical_number(text: str) -> str:
    """A plain number in its canonical text; anything else as it is."""
    return as_text(Decimal(text)) if _NUMBER.fullmatch(text) else text


def as_text(value: Value) -> str | None:
    """The canonical text of a value: equal values have equal texts (0.30 and 0.3 are both 0.3)."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    return str(value)


def _whole(name: str, text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{name} {text!r} is not a whole number")
    return int(text)


def _boolean(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{name} {text!r} is neither true nor false")
    return text == "true"


def _date(name: str, text: str) -> date:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError(f"{name} {text!r} is not a date yyyy-mm-dd")


def _code(name: str, text: str) -> str:
    if not _CODE.fullmatch(text):
        raise ValueError(f"{name} {text!r} is not a code of lower-case letters, digits, dots and underscores")
    return text


def _text(name: str, text: str) -> str:
    if _UNPRINTABLE.search(text):
        raise ValueError(f"{name} holds a control character")
    return text


_PARSERS: dict[str, Callable[[str, str], Value]] = {
    "text": _text,
    "code": _code,
    "integer": _whole,
    "decimal": parse_number,
    "boolean": _boolean,
    "date": _date,
}
