"""Invented identity numbers, credit codes and phones: well formed, from ranges assigned to nobody."""

from datetime import date

# Region 99xxxx is not in GB/T 2260; read as a foreign resident's number (9, then a province), there is no
# province 9x.
UNASSIGNED_REGION = "99"
# No operator holds 11-digit numbers from 12x.
UNASSIGNED_PHONE = "127"

_PERSON_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_PERSON_CHECKS = "10X98765432"
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


def person_check(first_17: str) -> str:
    """The eighteenth character of a resident identity number."""
    return _PERSON_CHECKS[sum(int(d) * w for d, w in zip(first_17, _PERSON_WEIGHTS, strict=True)) % 11]


def person_number(region: int, born: date, serial: int) -> str:
    """18 characters; region and serial are reduced to four and three digits, an odd serial is a man's."""
    first_17 = f"{UNASSIGNED_REGION}{region % 10000:04d}{born:%Y%m%d}{serial % 1000:03d}"
    return first_17 + person_check(first_17)


def credit_check(first_17: str) -> str:
    """The eighteenth character of a unified social credit code."""
    total = sum(_CREDIT_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(first_17))
    return _CREDIT_ALPHABET[-total % 31]


def credit_code(kind: str, region: int, serial: int) -> str:
    """18 characters; kind is the two-character class of the registered body."""
    first_17 = f"{kind}{UNASSIGNED_REGION}{region % 10000:04d}{serial % 10**9:09d}"
    return first_17 + credit_check(first_17)


def fifteen_digits(number: str) -> str:
    """The old 15-digit writing of a number of somebody born in the twentieth century."""
    return number[:6] + number[8:17]


def full_width(number: str) -> str:
    """The same number in full-width characters."""
    return number.translate(_FULL_WIDTH)


def phone(serial: int) -> str:
    """An 11-digit phone number of an unassigned range."""
    return f"{UNASSIGNED_PHONE}{serial % 10**8:08d}"
