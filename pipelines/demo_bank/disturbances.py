"""How a system writes down a customer: seldom wrong, often differently from the next system.

A way is a place in one of the tuples below, 0 = as it is. The words are those of the truth file, so that the
matching can be judged by kind of disturbance.
"""

import numpy as np

from pipelines.demo_bank import names, numbers
from pipelines.demo_bank.texts import SPACE, codes, from_codes, joined, numbered, put
from pipelines.demo_bank.world import NEVER

NAME_WAYS = (
    "",
    "name_misheard",
    "name_wide_space",
    "name_space",
    "name_traditional",
    "name_padded",
    "name_missing",
)
NUMBER_WAYS = (
    "",
    "number_15_digits",
    "number_full_width",
    "number_small_x",
    "number_missing",
    "number_placeholder",
    "number_mistyped",
    "number_padded",
)
PHONE_WAYS = (
    "",
    "phone_missing",
    "phone_prefixed",
    "phone_dashed",
    "phone_full_width",
    "phone_placeholder",
    "phone_of_branch",
    "phone_of_relative",
)
BIRTH_WAYS = ("", "birth_missing", "birth_placeholder", "birth_swapped")
NUMBER_FIFTEEN, NUMBER_SMALL_X, NUMBER_MISSING = 1, 3, 4
PHONE_OF_BRANCH, PHONE_OF_RELATIVE = 6, 7

# Shares of every way but the first, by system.
NAME_SHARES = {
    "core": (0.003, 0.002, 0.001, 0.002, 0.002),
    "loans": (0.008, 0.01, 0.005, 0.002, 0.01),
    "cards": (0.006, 0.01, 0.02, 0.012, 0.005),
    "wealth": (0.006, 0.03, 0.005, 0.004, 0.005),
    "channels": (0.012, 0.0, 0.01, 0.004, 0.01, 0.25),
    "crm": (0.03, 0.02, 0.015, 0.01, 0.02),
    "corporate": (0.05, 0.01, 0.0, 0.01, 0.02),
}
NUMBER_SHARES = {
    "core": (0.002, 0.0, 0.0, 0.003, 0.001, 0.001),
    "loans": (0.10, 0.0, 0.0, 0.005, 0.001, 0.002),
    "cards": (0.02, 0.0, 0.97, 0.008, 0.001, 0.001),
    "wealth": (0.01, 0.08, 0.01, 0.01, 0.002, 0.002, 0.01),
    "channels": (0.0, 0.01, 0.02, 0.12, 0.005, 0.004, 0.01),
    "crm": (0.03, 0.02, 0.05, 0.18, 0.03, 0.01, 0.02),
    "corporate": (0.0, 0.01, 0.0, 0.02, 0.005, 0.003, 0.01),
}
PHONE_SHARES = {
    "core": (0.01, 0.002, 0.001, 0.0, 0.002, 0.0, 0.002),
    "loans": (0.02, 0.01, 0.01, 0.0, 0.005, 0.0, 0.005),
    "cards": (0.01, 0.03, 0.0, 0.0, 0.002, 0.0, 0.004),
    "wealth": (0.03, 0.0, 0.02, 0.02, 0.005, 0.0, 0.004),
    "channels": (0.005, 0.05, 0.0, 0.0, 0.0, 0.0, 0.006),
    "crm": (0.10, 0.02, 0.05, 0.01, 0.03, 0.0, 0.01),
    "corporate": (0.05, 0.01, 0.05, 0.0, 0.01, 0.0, 0.0),
}
BIRTH_SHARES = {
    "core": (0.004, 0.002, 0.002),
    "loans": (0.01, 0.002, 0.004),
    "crm": (0.30, 0.02, 0.01),
}
# Persons with two ids in one system; a changed phone that reaches it; a branch other than core's; no e-mail.
SECOND_SHARES = {
    "core": 0.006,
    "loans": 0.003,
    "cards": 0.008,
    "wealth": 0.005,
    "channels": 0.015,
    "crm": 0.03,
    "corporate": 0.01,
}
PHONE_NEWS_SHARES = {"core": 0.9, "channels": 0.8, "cards": 0.3, "crm": 0.25}
OTHER_BRANCH_SHARE = 0.2
NO_EMAIL_SHARE = 0.15
NAME_CORRECTED_SHARE = 0.2
PEOPLE_PER_SHARED_PHONE, PEOPLE_AT_SHARED_PHONE = 20_000, 50

_PLACEHOLDER_NUMBERS = ("000000", "000000000000000000", "111111111111111111")
_PLACEHOLDER_PHONES = ("0", "00000000000", "11111111111")
_PLACEHOLDER_BIRTH = np.datetime64("1900-01-01")


def ways(draws: np.ndarray, shares: tuple[float, ...]) -> np.ndarray:
    """Ways (int8) by draws 0-1: share by share from way 1 on, 0 for the rest."""
    found = np.searchsorted(np.cumsum(shares), draws, side="right") + 1
    return np.where(found > len(shares), 0, found).astype(np.int8)


def written_names(plain: np.ndarray, way: np.ndarray, is_person: np.ndarray) -> np.ndarray:
    """Names as a system writes them; a body's misheard name is its other legal form."""
    if not len(plain):
        return plain
    other = np.where(is_person, names.misheard(plain), np.char.replace(plain, "有限公司", "有限责任公司"))
    found = put(plain, way == 1, other)
    found = put(found, (way == 2) & is_person, names.spaced(plain))
    found = put(found, (way == 3) & is_person, names.spaced(plain, SPACE))
    found = put(found, way == 4, names.traditional(plain))
    found = put(found, way == 5, joined(plain, np.broadcast_to(np.array(" "), len(plain))))
    return put(found, way == 6, "")


def written_numbers(plain: np.ndarray, way: np.ndarray, born_before_2000: np.ndarray) -> np.ndarray:
    """Identity numbers (U18) as a system writes them; 15 digits only for who was born in time."""
    found = put(plain, (way == NUMBER_FIFTEEN) & born_before_2000, numbers.fifteen_digits_of(plain))
    found = put(found, way == 2, numbers.full_width_of(plain))
    found = put(found, way == NUMBER_SMALL_X, numbers.lower_of(plain))
    found = put(found, way == NUMBER_MISSING, "")
    found = put(found, way == 5, _one_of(_PLACEHOLDER_NUMBERS, len(plain)))
    found = put(found, way == 6, numbers.mistyped(plain))
    return put(found, way == 7, joined(plain, np.broadcast_to(np.array(" "), len(plain))))


def written_phones(plain: np.ndarray, way: np.ndarray) -> np.ndarray:
    """Phones as a system writes them; empty ones stay empty."""
    signs, dash = codes(plain), np.full((len(plain), 1), ord("-"), dtype=np.uint32)
    dashed = from_codes(np.concatenate([signs[:, :3], dash, signs[:, 3:7], dash, signs[:, 7:]], axis=1))
    found = put(plain, way == 1, "")
    found = put(found, way == 2, joined(np.broadcast_to(np.array("+86"), len(plain)), plain))
    found = put(found, way == 3, dashed)
    found = put(found, way == 4, numbers.full_width_of(plain))
    found = put(found, (plain == "") & (way != 5), "")
    return put(found, way == 5, _one_of(_PLACEHOLDER_PHONES, len(plain)))


def written_births(plain: np.ndarray, way: np.ndarray) -> np.ndarray:
    """Dates of birth (datetime64[D], NaT = none) as a system writes them."""
    months = plain.astype("datetime64[M]")
    day = (plain - months.astype("datetime64[D]")).astype(np.int64)
    month = months.astype(np.int64) % 12
    swapped = (plain.astype("datetime64[Y]").astype("datetime64[M]") + day).astype("datetime64[D]") + month
    found = np.where(way == 1, np.datetime64("NaT"), plain)
    found = np.where(way == 2, _PLACEHOLDER_BIRTH, found)
    return np.where((way == 3) & (day < 12), swapped, found)


def branch_phones(branch: np.ndarray) -> np.ndarray:
    """The numbers of the branches themselves."""
    return numbered(f"{numbers.UNASSIGNED_PHONE}99", np.asarray(branch) + 1, 6)


def emails(person: np.ndarray) -> np.ndarray:
    """The e-mail addresses of people who have one."""
    ends = np.broadcast_to(np.array("@example.com"), len(person))
    return joined(numbered("user", np.asarray(person) + 1, 7), ends)


def phone_news(draws: np.ndarray, lag: np.ndarray, changed: np.ndarray, source: str) -> np.ndarray:
    """The day a system hears of a changed phone: core at once, others within three months, or never."""
    late = np.zeros(len(draws), dtype=np.int64) if source == "core" else np.floor(lag * 90).astype(np.int64)
    heard = (draws < PHONE_NEWS_SHARES.get(source, 0.0)) & (changed < NEVER)
    return np.where(heard, changed + late, NEVER)


def _one_of(words: tuple[str, ...], count: int) -> np.ndarray:
    return np.array(words)[np.arange(count) % len(words)]
