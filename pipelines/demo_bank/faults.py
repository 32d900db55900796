"""Dirt on request: spoils deliveries of a written demo bank, keeps the clean files aside, tells each place.

`<landing>/../truth/faults.csv` says what was done where and what a night should do about it; `restore` puts
the clean files of one fault back, as a source does that delivers again.
"""

import csv
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from pipelines.demo_bank.calendar import Calendar
from pipelines.demo_bank.fault_kinds import EXPECTED, KINDS, Spoiler
from pipelines.demo_bank.streams import Streams
from pipelines.sources.declaration import load_source

TRUTH = "faults.csv"
CLEAN = "clean"
_TRIES = 40


class FaultsError(Exception):
    """Faults that cannot be made or undone."""


@dataclass(frozen=True)
class FaultPlan:
    """Which faults, and how often: `per_day` on average; with `all_within` each kind at least once in so
    many first days beside.
    """

    kinds: tuple[str, ...] = tuple(KINDS)
    per_day: float = 0.0
    all_within: int | None = None

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.kinds) - set(KINDS)):
            raise FaultsError(f"faults: no kind {', '.join(unknown)}; there are {', '.join(KINDS)}")


@dataclass(frozen=True)
class Fault:
    """One fault; `place` is a line number (the file's first line = 1) or a part; `key` is that of the row."""

    fault_no: int
    kind: str
    source: str
    table: str
    received_date: str
    place: str
    key: str
    expected: str


def read_plan(text: str) -> FaultPlan:
    """A plan from words such as `all`, `all:30`, `quarantine@0.5`, `orphan_account,late_rows@0.1`.

    Kinds or expected reactions, separated by commas; `@` faults per day, `:` days within which each comes
    once (neither: 30 days).
    """
    words, _, often = text.partition("@")
    words, _, within = words.partition(":")
    kinds: list[str] = []
    for word in words.split(","):
        if word == "all":
            kinds += KINDS
        else:
            kinds += [kind for kind, reaction in EXPECTED.items() if reaction == word] or [word]
    try:
        per_day, days = float(often) if often else 0.0, int(within) if within else None
    except ValueError as error:
        raise FaultsError(f"faults: {text!r} is not kinds[:days][@per day]") from error
    plan = FaultPlan(tuple(dict.fromkeys(kinds)), per_day, days)
    return plan if often or within else FaultPlan(plan.kinds, 0.0, 30)


def inject(landing: Path, seed: int, calendar: Calendar, plan: FaultPlan) -> list[Fault]:
    """Spoil deliveries under `landing` (day 0 stays clean, no file is hit twice); returns what was done.

    Equal arguments and files give equal bytes. Raises FaultsError where a kind that must come finds no place.
    """
    chance = Streams(seed).of("faults")
    sources = [load_source(path.name) for path in sorted(landing.iterdir()) if path.is_dir()]
    dates = [calendar.text(day) for day in range(calendar.days)]
    spoiler = Spoiler(landing, sources, dates, chance)
    found: list[Fault] = []
    for kind, day, must in _due(chance, calendar, plan):
        fault = _spoil(spoiler, kind, day, len(found) + 1)
        if fault:
            found.append(fault)
        elif must:
            raise FaultsError(
                f"faults: {kind} finds no file to spoil from {dates[day]} on; take a larger bank"
            )
    _write(landing, found)
    return found


def forget(landing: Path) -> None:
    """Remove what an earlier run told and kept aside."""
    faults_path(landing).unlink(missing_ok=True)
    shutil.rmtree(clean_folder(landing), ignore_errors=True)


def restore(landing: Path, fault: Fault) -> None:
    """Put back the clean files of a fault; twice does no harm. Raises FaultsError where they are not kept."""
    kept = clean_folder(landing) / f"{fault.fault_no:05d}"
    if not kept.is_dir():
        raise FaultsError(
            f"faults: no clean files of fault {fault.fault_no} ({fault.kind}) under {kept.parent}"
        )
    for path in sorted(kept.rglob("*")):
        if path.is_file():
            shutil.copyfile(path, landing / path.relative_to(kept))


def read_faults(landing: Path) -> list[Fault]:
    """What was spoilt under a landing, in order of number; none where nothing was."""
    path = faults_path(landing)
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [Fault(**{**row, "fault_no": int(row["fault_no"])}) for row in rows]


def faults_path(landing: Path) -> Path:
    """Where the truth about faults lies."""
    return landing.parent / "truth" / TRUTH


def clean_folder(landing: Path) -> Path:
    """Where the clean files lie, a folder per fault."""
    return landing.parent / "truth" / CLEAN


def _due(chance: np.random.Generator, calendar: Calendar, plan: FaultPlan) -> Iterator[tuple[str, int, bool]]:
    """(kind, day, whether it must come), day by day."""
    found = []
    if plan.all_within is not None:
        last = min(plan.all_within, calendar.days - 1)
        kinds = [plan.kinds[place] for place in chance.permutation(len(plan.kinds))]
        days = 1 + np.arange(len(kinds)) * last // max(len(kinds), 1)
        found = [(kind, int(day), True) for kind, day in zip(kinds, days, strict=True)]
    for day in range(1, calendar.days):
        for place in chance.integers(0, len(plan.kinds), chance.poisson(plan.per_day)):
            found.append((plan.kinds[place], day, False))
    yield from sorted(found, key=lambda each: each[1])


def _spoil(spoiler: Spoiler, kind: str, day: int, number: int) -> Fault | None:
    """Try the day, then those after it."""
    keep = clean_folder(spoiler.landing) / f"{number:05d}"
    for later in range(day, min(day + _TRIES, len(spoiler.dates))):
        place = spoiler.spoil(kind, later, keep)
        if place:
            return Fault(
                number,
                kind,
                place.source,
                place.table,
                place.received,
                place.place,
                place.key,
                EXPECTED[kind],
            )
    return None


def _write(landing: Path, faults: list[Fault]) -> None:
    path = faults_path(landing)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Fault)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(fault) for fault in faults)
