"""Invented identity numbers, credit codes and phones: well formed, from ranges assigned to nobody.

Each comes for one (text) and for many (text arrays of fixed width); both give the same writing.
"""

from datetime import date

import numpy as np

from pipelines.demo_bank.texts import codes, digits, from_codes, looked_up, numbered, put, table_of

# Region 99xxxx is not in GB/T 2260; read as a foreign resident's number (9, then a province), there is no
# province 9x.
UNASSIGNED_REGION = "99"
# No operator holds 11-digit numbers from 12x.
UNASSIGNED_PHONE = "127"

_PERSON_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_PERSON_CHECKS = "10X98765432"
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_FULL_WIDTH = table_of(zip("0123456789X", "０１２３４５６７８９Ｘ", strict=True))
_LOWER = table_of([("X", "x")])


def person_check(first_17: str) -> str:
    """The eighteenth character of a resident identity number."""
    return _PERSON_CHECKS[sum(int(d) * w for d, w in zip(first_17, _PERSON_WEIGHTS, strict=True)) % 11]


def person_number(region: int, born: date, serial: int) -> str:
    """18 characters; region and serial are reduced to four and three digits, an odd serial is a man's."""
    first_17 = f"{UNASSIGNED_REGION}{region % 10000:04d}{born:%Y%m%d}{serial % 1000:03d}"
    return first_17 + person_check(first_17)


def person_numbers(region: np.ndarray, born: np.ndarray, serial: np.ndarray) -> np.ndarray:
    """Identity numbers (U18) of many; born is an array of datetime64[D], the rest as in person_number."""
    months = born.astype("datetime64[M]")
    year = born.astype("datetime64[Y]").astype(np.int64) + 1970
    month = months.astype(np.int64) % 12 + 1
    day = (born - months.astype("datetime64[D]")).astype(np.int64) + 1
    found = np.empty((len(born), 18), dtype=np.int64)
    found[:, :2] = [int(digit) for digit in UNASSIGNED_REGION]
    found[:, 2:6] = digits(region, 4)
    found[:, 6:14] = digits(year * 10_000 + month * 100 + day, 8)
    found[:, 14:17] = digits(serial, 3)
    points = found + ord("0")
    checks = np.array([ord(sign) for sign in _PERSON_CHECKS])
    points[:, 17] = checks[found[:, :17] @ np.array(_PERSON_WEIGHTS) % 11]
    return from_codes(points)


def credit_check(first_17: str) -> str:
    """The eighteenth character of a unified social credit code."""
    total = sum(_CREDIT_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(first_17))
    return _CREDIT_ALPHABET[-total % 31]


def credit_code(kind: str, region: int, serial: int) -> str:
    """18 characters; kind is the two-character class of the registered body."""
    first_17 = f"{kind}{UNASSIGNED_REGION}{region % 10000:04d}{serial % 10**9:09d}"
    return first_17 + credit_check(first_17)


def credit_codes(kind: np.ndarray, region: np.ndarray, serial: np.ndarray) -> np.ndarray:
    """Credit codes (U18) of many; kind is a number (91, 12), the rest as in credit_code."""
    found = np.empty((len(region), 18), dtype=np.int64)
    found[:, :2] = digits(kind, 2)
    found[:, 2:4] = [int(digit) for digit in UNASSIGNED_REGION]
    found[:, 4:8] = digits(region, 4)
    found[:, 8:17] = digits(serial, 9)
    found[:, 17] = -(found[:, :17] @ np.array([pow(3, place, 31) for place in range(17)])) % 31
    return from_codes(np.array([ord(sign) for sign in _CREDIT_ALPHABET])[found])


def fifteen_digits_of(numbers: np.ndarray) -> np.ndarray:
    """The old 15-digit writing (U15) of 18-character numbers."""
    points = codes(numbers)
    return from_codes(np.concatenate([points[:, :6], points[:, 8:17]], axis=1))


def full_width_of(numbers: np.ndarray) -> np.ndarray:
    """The same numbers in full-width characters."""
    return looked_up(numbers, _FULL_WIDTH)


def lower_of(numbers: np.ndarray) -> np.ndarray:
    """The same numbers with a small x."""
    return looked_up(numbers, _LOWER)


def mistyped(numbers: np.ndarray) -> np.ndarray:
    """The same numbers with the two digits before the last changed places, or (where equal) one raised: the
    check character no longer fits.
    """
    points = codes(numbers)
    left, right = points[:, 15].copy(), points[:, 16].copy()
    points[:, 15], points[:, 16] = right, left
    points[:, 16] = np.where(left == right, (left - ord("0") + 1) % 10 + ord("0"), points[:, 16])
    return from_codes(points)


def phone(serial: int) -> str:
    """An 11-digit phone number of an unassigned range."""
    return f"{UNASSIGNED_PHONE}{serial % 10**8:08d}"


def phones(serials: np.ndarray) -> np.ndarray:
    """Phone numbers (U11) of many; a serial of -1 is no phone (empty)."""
    serials = np.asarray(serials, dtype=np.int64)
    return put(numbered(UNASSIGNED_PHONE, np.maximum(serials, 0), 8), serials < 0, "")
