"""Where a file's declared columns stand, and which undeclared ones stand beside them.

A declared column that is missing stops the delivery. A new one is kept aside, with its values as text, and
the delivery gate tells of it until it is declared or declared as ignored.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.landing.delivery import Delivery, DeliveryError
from pipelines.sources.declaration import is_credential

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


@dataclass(frozen=True)
class Layout:
    """How the fields of a file's rows lie; ``extra`` are position and name of the undeclared ones."""

    width: int
    positions: tuple[int, ...]
    extra: tuple[tuple[int, str], ...]

    @property
    def is_plain(self) -> bool:
        """Whether the fields are the declared columns, in declared order, and nothing else."""
        return self.positions == tuple(range(self.width))

    def cells(self, fields: Sequence[str]) -> list[str]:
        """The declared columns of one row; behind them, where a new column came, the extra cells as JSON."""
        cells = [fields[position] for position in self.positions]
        if self.extra:
            extra = {name: fields[position] for position, name in self.extra if fields[position]}
            cells.append(json.dumps(extra, ensure_ascii=False) if extra else "")
        return cells


def layout_of(delivery: Delivery, header: Sequence[str], place: str, any_order: bool = False) -> Layout:
    """The layout that a header names; ``place`` says in errors where it stands.

    Raises DeliveryError for a credential, a declared column that is missing or misplaced, a name given twice.
    Names only what is declared: a file without a header shows a customer's data in its first line.
    """
    _refuse_credentials(delivery, header, place)
    table = delivery.table
    declared, known = table.column_names, {*table.column_names, *table.ignored}
    missing = [name for name in declared if name not in header]
    unknown = [number for number, name in enumerate(header, start=1) if name not in known]
    if missing:
        others = ", ".join(f"column {number}" for number in unknown) or "none"
        raise _wrong(delivery, header, place, f"missing: {', '.join(missing)}; not declared: {others}")
    repeated = {name for name, count in Counter(header).items() if count > 1}
    if told := sorted(repeated & known):
        raise _wrong(delivery, header, place, f"given twice: {', '.join(told)}")
    if unnamed := [number for number in unknown if not header[number - 1] or header[number - 1] in repeated]:
        raise _wrong(delivery, header, place, f"column {unnamed[0]} has no name of its own")
    found = tuple(name for name in header if name in declared)
    if found != declared and not any_order:
        what = f"another order: {', '.join(found)}; declared: {', '.join(declared)}"
        raise _wrong(delivery, header, place, what)
    positions = {name: position for position, name in enumerate(header)}
    extra = tuple((number - 1, header[number - 1]) for number in unknown)
    return Layout(len(header), tuple(positions[name] for name in declared), extra)


def told_names(layout: Layout) -> list[str]:
    """The undeclared columns as they may be told: by name where it is a plain one, else by number."""
    return [
        name if _PLAIN_NAME.fullmatch(name) else f"column {position + 1}" for position, name in layout.extra
    ]


def _refuse_credentials(delivery: Delivery, header: Sequence[str], place: str) -> None:
    for number, name in enumerate(header, start=1):
        if is_credential(name):
            raise delivery.fault(
                f"{place}, column {number} is named like a credential (password, PIN, card check value)",
                "Credentials are never landed: have it delivered without them, then run the night again.",
            )


def _wrong(delivery: Delivery, header: Sequence[str], place: str, what: str) -> DeliveryError:
    count = len(delivery.table.column_names)
    return delivery.fault(f"{place} is a wrong header of {len(header)} columns, not {count} ({what})")
