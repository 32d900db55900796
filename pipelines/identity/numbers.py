"""Identity numbers in one spelling, or none: what cannot be a real number never links two records.

Resident identity numbers follow GB 11643 (18 digits, and the 15-digit form issued until 1999), unified social
credit codes of companies GB 32100.
"""

import re
from datetime import date

# Full-width letters, digits and signs (U+FF01..U+FF5E) are what Chinese input methods leave behind.
_HALF_WIDTH = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)}
_SEPARATORS = re.compile(r"[\s\u200b\ufeff\-‐‑‒–—]+")

_SHORT_IDENTITY = re.compile(r"[1-9][0-9]{14}")
_LONG_IDENTITY = re.compile(r"[1-9][0-9]{16}[0-9X]")
IDENTITY_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))
IDENTITY_CHECKS = "10X98765432"

COMPANY_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
COMPANY_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
COMPANY_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))


def normalise_identity_number(text: str | None) -> str | None:
    """The 18-character resident identity number that ``text`` spells, or None.

    Full-width characters, spaces, hyphens and a small x are put right; 15 digits become 18 (born in 19xx,
    check character added). None for a placeholder (one digit repeated), an impossible birth date or a wrong
    check character.
    """
    number = _tidy(text)
    if _is_placeholder(number):
        return None
    if _SHORT_IDENTITY.fullmatch(number):
        longer = f"{number[:6]}19{number[6:]}"
        number = longer + _identity_check(longer)
    if not _LONG_IDENTITY.fullmatch(number) or not _is_birth_date(number[6:14]):
        return None
    return number if _identity_check(number[:17]) == number[17] else None


def normalise_company_code(text: str | None) -> str | None:
    """The unified social credit code (18 characters) that ``text`` spells, or None (shape, check digit)."""
    code = _tidy(text)
    if _is_placeholder(code) or not COMPANY_CODE.fullmatch(code):
        return None
    return code if _company_check(code[:17]) == code[17] else None


def identity_key(type_code: str | None, text: str | None) -> str | None:
    """The key under which records are one customer, ``ID:<number>`` or ``USCC:<code>``; None: no valid one.

    ``type_code`` is ``id``, ``uscc`` or None, as the conformed customer versions carry it.
    """
    if type_code == "id" and (number := normalise_identity_number(text)):
        return f"ID:{number}"
    if type_code == "uscc" and (code := normalise_company_code(text)):
        return f"USCC:{code}"
    return None


def _tidy(text: str | None) -> str:
    half_width = (text or "").translate(_HALF_WIDTH)
    # Only a-z is raised: upper() would also turn letters such as 'ß' into ones that pass.
    return re.sub("[a-z]+", lambda letters: letters[0].upper(), _SEPARATORS.sub("", half_width))


def _is_placeholder(number: str) -> bool:
    return len(set(number)) <= 1


def _is_birth_date(digits: str) -> bool:
    try:
        return date.fromisoformat(digits).year >= 1800
    except ValueError:
        return False


def _identity_check(digits: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(digits, IDENTITY_WEIGHTS, strict=True))
    return IDENTITY_CHECKS[total % 11]


def _company_check(characters: str) -> str:
    values = map(COMPANY_ALPHABET.index, characters)
    total = sum(value * weight for value, weight in zip(values, COMPANY_WEIGHTS, strict=True))
    return COMPANY_ALPHABET[-total % 31]
