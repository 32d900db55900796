"""The demo bank's door: writes the whole landing once, and leaves it alone when it is already there."""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

from pipelines.demo_bank.calendar import Calendar
from pipelines.demo_bank.faults import forget, inject, read_plan
from pipelines.demo_bank.records import write_truth
from pipelines.demo_bank.simulation import Simulation
from pipelines.demo_bank.truth import HAZARDS, IDENTITIES, HazardFile, truth_path
from pipelines.demo_bank.world import KINDS, World
from pipelines.demo_bank.writing import SOURCES
from pipelines.sources.declaration import FOLDER as DECLARATIONS

MANIFEST = "demo_bank.json"


class DemoBankError(Exception):
    """The demo bank cannot be written here."""


@dataclass(frozen=True)
class DemoBankSummary:
    """What the landing holds: distinct real-world customers, days, and rows by `source.table`."""

    landing: Path
    customers: int
    days: int
    rows: dict[str, int]
    is_fresh: bool  # written by this call


def write_demo_bank(
    landing: Path,
    seed: int = 20251101,
    customers: int = 5000,
    first_date: date = date(2024, 11, 1),
    last_date: date = date(2026, 10, 31),
    progress: Callable[[int, int], None] | None = None,
    world: World | None = None,
    faults: str = "",
) -> DemoBankSummary:
    """Write the invented bank's deliveries under `landing`, a folder per source and day; the truth beside it.

    `customers` are there on `first_date`; more arrive every month. Equal arguments give equal bytes. A whole
    bank made with equal arguments is kept; one made with others, or left half-written, is written anew.
    `progress` is called with (days done, days). `faults` (see faults.read_plan) spoils some deliveries
    afterwards. Raises DemoBankError for impossible arguments and for a landing with deliveries that are not
    ours, FaultsError for faults that cannot be made.
    """
    world, calendar = world or World(), Calendar(first_date, last_date)
    _check(customers, calendar, world)
    plan = read_plan(faults) if faults else None
    made_with = _made_with(seed, customers, calendar, world, faults)
    kept = _kept(landing, made_with)
    if kept:
        return kept
    _clear(landing)
    _write_manifest(landing, {"state": "writing", "made_with": made_with})
    simulation, rows = Simulation(world, seed, customers, calendar), Counter()
    with HazardFile(truth_path(landing, HAZARDS), calendar) as hazards:
        for day in range(calendar.days):
            simulation.run_day(day)
            rows.update(simulation.write_day(landing, day))
            if simulation.month:
                hazards.add(simulation.month)
            if progress:
                progress(day + 1, calendar.days)
    write_truth(truth_path(landing), simulation.records)
    if plan:
        inject(landing, seed, calendar, plan)
    found = {"customers": simulation.people.count, "days": calendar.days, "rows": dict(rows)}
    _write_manifest(landing, {"state": "complete", "made_with": made_with, "found": found})
    return DemoBankSummary(landing=landing, is_fresh=True, **found)


def _check(customers: int, calendar: Calendar, world: World) -> None:
    if customers < 50:
        raise DemoBankError(f"demo bank: {customers} customers are too few; ask for 50 or more")
    if world.kind not in KINDS:
        raise DemoBankError(f"demo bank: there is no world {world.kind!r}; choose one of {', '.join(KINDS)}")
    if calendar.days < 30:
        raise DemoBankError(
            f"demo bank: {calendar.first} to {calendar.last} is {calendar.days} days; ask for 30 or more"
        )


def keep_demo_bank(landing: Path, progress: Callable[[int, int], None] | None = None) -> DemoBankSummary:
    """The demo bank that lies under `landing`, whatever it was made with; else the default one.

    A half-written one, or one of an earlier release, is written anew with the arguments it was made with.
    Raises as `write_demo_bank` does.
    """
    made = _read_manifest(landing).get("made_with") or {}
    if not {"seed", "customers", "first_date", "last_date", "kind", "faults"} <= set(made):
        return write_demo_bank(landing, progress=progress)
    return write_demo_bank(
        landing,
        seed=made["seed"],
        customers=made["customers"],
        first_date=date.fromisoformat(made["first_date"]),
        last_date=date.fromisoformat(made["last_date"]),
        progress=progress,
        world=World(kind=made["kind"]),
        faults=made["faults"],
    )


def _made_with(
    seed: int, customers: int, calendar: Calendar, world: World, faults: str
) -> dict[str, str | int]:
    """What the bytes depend on: the arguments, the world, this package's own code and the declarations."""
    code = sha256()
    declarations = [DECLARATIONS / f"{source}.yml" for source in SOURCES]
    for path in [*sorted(Path(__file__).parent.glob("*.py")), *declarations]:
        code.update(path.name.encode() + b"\0" + path.read_bytes())
    return {
        "seed": seed,
        "customers": customers,
        "first_date": calendar.first.isoformat(),
        "last_date": calendar.last.isoformat(),
        "kind": world.kind,
        "faults": faults,
        "world": sha256(json.dumps(asdict(world), sort_keys=True).encode()).hexdigest(),
        "code": code.hexdigest(),
    }


def _kept(landing: Path, made_with: dict[str, str | int]) -> DemoBankSummary | None:
    manifest = _read_manifest(landing)
    if manifest.get("state") != "complete" or manifest.get("made_with") != made_with:
        return None
    calendar = Calendar(*(date.fromisoformat(str(made_with[name])) for name in ("first_date", "last_date")))
    dates = [calendar.text(day) for day in range(calendar.days)]
    whole = all((landing / source / when).is_dir() for source in SOURCES for when in dates)
    if not whole or not all(truth_path(landing, name).is_file() for name in (IDENTITIES, HAZARDS)):
        return None
    return DemoBankSummary(landing=landing, is_fresh=False, **manifest["found"])


def _clear(landing: Path) -> None:
    """Remove an earlier demo bank; refuse to touch deliveries of anybody else."""
    ours = [landing / source for source in SOURCES if (landing / source).exists()]
    if ours and not (landing / MANIFEST).exists():
        raise DemoBankError(
            f"demo bank: {landing} holds deliveries ({', '.join(path.name for path in ours)})"
            " that it did not write; point YIHU_LANDING elsewhere, or move them away"
        )
    for path in ours:
        shutil.rmtree(path)
    for path in (truth_path(landing), truth_path(landing, HAZARDS)):
        path.unlink(missing_ok=True)
    forget(landing)


def _read_manifest(landing: Path) -> dict:
    path = landing / MANIFEST
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except ValueError:
        return {}


def _write_manifest(landing: Path, content: dict) -> None:
    landing.mkdir(parents=True, exist_ok=True)
    draft = landing / f"{MANIFEST}.draft"
    draft.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    draft.replace(landing / MANIFEST)
