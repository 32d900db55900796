"""Texts that may be stored and shown: what failed and where, never the values of a row (law 8)."""

import re

import psycopg2

# From here on the database quotes rows and parameters.
_DETAILS = re.compile(r"\s*\b(DETAIL|CONTEXT|LINE \d+|HINT):?\s.*", re.DOTALL)
_VALUE_FAULT = re.compile(
    r"invalid input|out of range|too long|malformed|already exists|overflow", re.IGNORECASE
)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|\([^()]*\)=\([^()]*\)")
_DATA_CLASSES = ("22", "23")  # SQLSTATE: data exception, integrity constraint violation

_SHORT = 4  # below this length a first character says too much


def mask(value: str) -> str:
    """First character and length, as ``a…(7)``; of a short value the length alone."""
    return f"{value[0] if len(value) >= _SHORT else ''}…({len(value)})"


def without_values(text: str) -> str:
    """An error text without the details that quote rows; quoted values go where the fault is a value's."""
    short = " ".join(_DETAILS.sub("", text).split())
    return _QUOTED.sub("…", short) if _VALUE_FAULT.search(short) else short


def word_error(error: BaseException) -> str:
    """Kind and message of an error, fit for ops and the report."""
    if isinstance(error, psycopg2.Error):
        place = (error.diag.table_name, error.diag.constraint_name, error.diag.column_name)
        if (error.pgcode or "").startswith(_DATA_CLASSES):
            return " ".join(filter(None, (type(error).__name__, *place)))
        text = error.diag.message_primary or without_values(str(error))
    else:
        text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
