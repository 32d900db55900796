"""The kinds of faults: what each does to a day's files, and what a night should do about it.

A line that must not pass is one more line (a copy of a good one with a key of its own), so that the good ones
stay byte by byte what they were. Rows that come late, are corrected or deleted end as in the clean bank.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.demo_bank.fault_files import DeliveredFile, line_of, open_delivered
from pipelines.sources.declaration import Source, Table

QUARANTINE, WARNING, STOP, NONE = "quarantine", "warning", "stop", "none"
_UNREADABLE_DATE, _UNREADABLE_NUMBER = "2025/13/45", "1,2x4.00"
# One bad line among so many is not yet too many for a night.
_MANY_LINES = 150
# Tables whose rows are many, small and dated, with the key, a date and an amount.
_MOVING = {
    "core.transactions": ("transaction_no", "transaction_date", "amount", "account_no"),
    "cards.card_transactions": ("transaction_no", "transaction_date", "amount", "card_ref"),
}


@dataclass(frozen=True)
class Place:
    """Where a fault was put."""

    source: str
    table: str
    received: str
    place: str
    key: str = ""


class Spoiler:
    """Spoils files of a landing, each at most once, and keeps the clean ones before."""

    def __init__(
        self, landing: Path, sources: list[Source], dates: list[str], chance: np.random.Generator
    ) -> None:
        self.landing, self.dates, self.chance = landing, dates, chance
        self.tables = {f"{each.source}.{each.name}": each for source in sources for each in source.tables}
        self._used: set[tuple[str, str]] = set()
        self._keep = landing
        self._serial = 0

    def spoil(self, kind: str, day: int, keep: Path) -> Place | None:
        """Put a fault of a kind on a day, the clean files into `keep`; None where it has no place there."""
        self._keep = keep
        return KINDS[kind](self, day)

    # ── help for the kinds ──────────────────────────────────────────────────────────────────────────────────

    def file(self, name: str, day: int) -> DeliveredFile | None:
        """A file that is there and not spoilt yet."""
        table = self.tables.get(name)
        if table is None or not 0 <= day < len(self.dates) or (name, self.dates[day]) in self._used:
            return None
        folder = self.landing / table.source / self.dates[day]
        return open_delivered(folder, table) if (folder / table.file_name).exists() else None

    def any_file(self, day: int, fits: Callable[[Table], bool] = lambda table: True) -> DeliveredFile | None:
        """One of the day's files with rows whose table fits, drawn."""
        names = [name for name, table in self.tables.items() if fits(table)]
        for place in self.chance.permutation(len(names)):
            found = self.file(names[place], day)
            if found and found.control()["rows"] > 0:
                return found
        return None

    def moving(self, day: int, names: tuple[str, ...] = tuple(_MOVING)) -> DeliveredFile | None:
        """One of the day's long files of moving money, drawn; where none is long, the longest with rows."""
        files = [file for name in names if (file := self.file(name, day)) and file.body]
        long = [file for file in files if len(file.body) >= _MANY_LINES]
        if long:
            return long[int(self.chance.integers(0, len(long)))]
        return max(files, key=lambda file: len(file.body)) if files else None

    def take(self, *files: DeliveredFile) -> None:
        """Keep the clean files and never spoil them again."""
        for file in files:
            self.leave(file)
            kept = self._keep / file.table.source / file.received
            kept.mkdir(parents=True, exist_ok=True)
            for path in (file.path, file.control_path):
                shutil.copyfile(path, kept / path.name)

    def leave(self, file: DeliveredFile) -> None:
        """Never spoil a file from now on."""
        self._used.add((name_of(file), file.received))

    def row(self, file: DeliveredFile) -> tuple[int, dict[str, str]]:
        """The place and the fields of a drawn line."""
        place = int(self.chance.integers(0, len(file.body)))
        return place, file.fields(place)

    def fresh(self, number: str) -> str:
        """A key that no system gives."""
        self._serial += 1
        return f"{number[:1]}9F{self._serial:06d}"


def name_of(file: DeliveredFile) -> str:
    """The name of a file's table, as `core.accounts`."""
    return f"{file.table.source}.{file.table.name}"


def _told(file: DeliveredFile, place: str, key: str = "") -> Place:
    return Place(file.table.source, file.table.name, file.received, place, key)


def _is_text(table: Table) -> bool:
    return table.file != "parquet"


def _has_header(table: Table) -> bool:
    return _is_text(table) and table.header


# ── whole files ─────────────────────────────────────────────────────────────────────────────────────────────


def _missing_file(spoiler: Spoiler, day: int) -> Place | None:
    if file := spoiler.any_file(day):
        spoiler.take(file)
        file.path.unlink()
        return _told(file, "file")
    return None


def _missing_control(spoiler: Spoiler, day: int) -> Place | None:
    if file := spoiler.any_file(day):
        spoiler.take(file)
        file.control_path.unlink()
        return _told(file, "control file")
    return None


def _wrong_row_count(spoiler: Spoiler, day: int) -> Place | None:
    if file := spoiler.any_file(day):
        spoiler.take(file)
        control = file.control()
        file.write_control({**control, "rows": control["rows"] + 1})
        return _told(file, "control file: rows")
    return None


def _wrong_control_total(spoiler: Spoiler, day: int) -> Place | None:
    if file := spoiler.any_file(day, lambda table: bool(table.sums)):
        spoiler.take(file)
        control, column = file.control(), file.table.sums[0]
        whole, _, rest = control["sums"][column].partition(".")
        control["sums"][column] = f"{int(whole) + 1}.{rest}" if rest else str(int(whole) + 1)
        file.write_control(control)
        return _told(file, f"control file: sum of {column}")
    return None


def _wrong_sha(spoiler: Spoiler, day: int) -> Place | None:
    if file := spoiler.any_file(day):
        spoiler.take(file)
        control = file.control()
        file.write_control({**control, "sha256": control["sha256"][::-1]})
        return _told(file, "control file: sha256")
    return None


def _truncated_file(spoiler: Spoiler, day: int) -> Place | None:
    if file := spoiler.any_file(day):
        spoiler.take(file)
        content = file.path.read_bytes()
        file.path.write_bytes(content[: len(content) * 2 // 3])
        return _told(file, f"byte {len(content) * 2 // 3 + 1}")
    return None


def _header_changed(spoiler: Spoiler, day: int) -> Place | None:
    if file := spoiler.any_file(day, _has_header):
        spoiler.take(file)
        names = [*file.table.column_names[:-1], f"{file.table.column_names[-1]}_new"]
        file.head = [file.table.delimiter.join(names)]
        file.write()
        return _told(file, f"column {file.table.column_names[-1]}")
    return None


def _new_column(spoiler: Spoiler, day: int) -> Place | None:
    if file := spoiler.any_file(day, _has_header):
        spoiler.take(file)
        sign = file.table.delimiter
        file.head = [f"{file.head[0]}{sign}remark"]
        file.body = [f"{line}{sign}x" for line in file.body]
        file.write(sums=file.control()["sums"])
        return _told(file, "column remark")
    return None


def _missing_column(spoiler: Spoiler, day: int) -> Place | None:
    if file := spoiler.any_file(day, _has_header):
        spoiler.take(file)
        sign, gone = file.table.delimiter, file.table.column_names[-1]
        kept = [file.fields(place) for place in range(len(file.body))]
        file.head = [sign.join(file.table.column_names[:-1])]
        file.body = [
            line_of({name: value for name, value in fields.items() if name != gone}, sign) for fields in kept
        ]
        file.write(sums=file.control()["sums"])
        return _told(file, f"column {gone}")
    return None


def _wrong_encoding(spoiler: Spoiler, day: int) -> Place | None:
    """Chinese signs in GB 18030 where UTF-8 is declared."""
    for name in ("core.customers", "core.branches", "crm.clients"):
        file = spoiler.file(name, day)
        if file and file.table.encoding == "utf-8":
            first = next((n for n, line in enumerate(file.body) if not line.isascii()), None)
            if first is not None:
                spoiler.take(file)
                file.write(encoding="gb18030")
                return _told(file, f"line {first + 1 + len(file.head)}")
    return None


def _same_file_twice(spoiler: Spoiler, day: int) -> Place | None:
    """Today comes what came yesterday already, in place of today's rows."""
    names = tuple(_MOVING)
    for place in spoiler.chance.permutation(len(names)):
        before, file = spoiler.file(names[place], day - 1), spoiler.file(names[place], day)
        if before and file and before.body and day > 1:
            spoiler.take(file)
            spoiler.leave(before)
            shutil.copyfile(before.path, file.path)
            shutil.copyfile(before.control_path, file.control_path)
            return _told(file, f"file of {before.received}")
    return None


# ── single lines ────────────────────────────────────────────────────────────────────────────────────────────


def _one_more(
    spoiler: Spoiler, file: DeliveredFile | None, changes: dict[str, str], told: str = ""
) -> Place | None:
    """Append a copy of a drawn line with a key of its own and other values."""
    if not file or not file.body:
        return None
    spoiler.take(file)
    _, fields = spoiler.row(file)
    key = file.table.key[0]
    fields[key] = spoiler.fresh(fields[key])
    fields.update(changes)
    line = file.add(fields)
    file.write()
    columns = told or ", ".join(changes)
    return _told(file, f"line {line}: {columns}", fields[key])


def _moving_columns(file: DeliveredFile) -> tuple[str, str, str, str]:
    return _MOVING[name_of(file)]


def _unreadable_date(spoiler: Spoiler, day: int) -> Place | None:
    file = spoiler.moving(day)
    return _one_more(spoiler, file, {_moving_columns(file)[1]: _UNREADABLE_DATE}) if file else None


def _unreadable_number(spoiler: Spoiler, day: int) -> Place | None:
    file = spoiler.moving(day)
    return _one_more(spoiler, file, {_moving_columns(file)[2]: _UNREADABLE_NUMBER}) if file else None


def _swapped_columns(spoiler: Spoiler, day: int) -> Place | None:
    file = spoiler.moving(day)
    if not file:
        return None
    _, when, amount, _ = _moving_columns(file)
    return _one_more(spoiler, file, {when: "10.00", amount: file.received}, f"{when} and {amount}")


def _missing_value(spoiler: Spoiler, day: int) -> Place | None:
    file = spoiler.moving(day)
    return _one_more(spoiler, file, {_moving_columns(file)[3]: ""}) if file else None


def _orphan_transaction(spoiler: Spoiler, day: int) -> Place | None:
    file = spoiler.moving(day)
    return _one_more(spoiler, file, {_moving_columns(file)[3]: "A9F000000"}) if file else None


def _future_date(spoiler: Spoiler, day: int) -> Place | None:
    file = spoiler.moving(day)
    if not file or day + 1 >= len(spoiler.dates):
        return None
    return _one_more(spoiler, file, {_moving_columns(file)[1]: spoiler.dates[day + 1]})


def _unknown_code(spoiler: Spoiler, day: int) -> Place | None:
    """In a good line itself: it is taken in, so its amount must stay."""
    if file := spoiler.moving(day, ("core.transactions", "cards.card_transactions")):
        spoiler.take(file)
        place, fields = spoiler.row(file)
        file.body[place] = line_of({**fields, "channel": "KIOSK"}, file.table.delimiter)
        file.write()
        return _told(file, f"line {place + 1 + len(file.head)}: channel", fields[file.table.key[0]])
    return None


def _orphan_account(spoiler: Spoiler, day: int) -> Place | None:
    return _one_more(spoiler, spoiler.file("core.accounts", day), {"customer_no": "C9F00000"})


def _unknown_currency(spoiler: Spoiler, day: int) -> Place | None:
    return _one_more(spoiler, spoiler.file("core.accounts", day), {"currency": "XXZ"})


def _currency_mix(spoiler: Spoiler, day: int) -> Place | None:
    """A current account in foreign money: only savings accounts may be."""
    changes = {"product_code": "CUR", "currency": "USD", "maturity_date": ""}
    return _one_more(spoiler, spoiler.file("core.accounts", day), changes)


def _negative_balance(spoiler: Spoiler, day: int) -> Place | None:
    """A term deposit below nothing: the balance of one that has none delivered today."""
    file, masters = spoiler.file("core.balances", day), spoiler.file("core.accounts", 0)
    if not file or not masters:
        return None
    today = {file.fields(place)["account_no"] for place in range(len(file.body))}
    for place in spoiler.chance.permutation(len(masters.body)):
        fields = masters.fields(int(place))
        number = fields["account_no"]
        if fields["product_code"] == "TD" and fields["maturity_date"] > file.received and number not in today:
            spoiler.take(file)
            row = {"account_no": number, "balance_date": file.received, "balance": "-100.00"}
            line = file.add(row)
            file.write()
            return _told(file, f"line {line}: balance", number)
    return None


def _duplicate_key(spoiler: Spoiler, day: int) -> Place | None:
    if file := spoiler.moving(day):
        spoiler.take(file)
        _, fields = spoiler.row(file)
        line = file.add(fields)
        file.write()
        return _told(file, f"line {line}", fields[file.table.key[0]])
    return None


# ── rows that end as in the clean bank ──────────────────────────────────────────────────────────────────────


def _late_rows(spoiler: Spoiler, day: int) -> Place | None:
    """A few rows come months later, or as late as the world allows."""
    file = spoiler.moving(day)
    later = _later(spoiler, file, day, 35, 100)
    if not file or not later or len(file.body) < 4:
        return None
    spoiler.take(file, later)
    count = min(3, len(file.body) // 4)
    places = sorted(spoiler.chance.choice(len(file.body), count, replace=False).tolist(), reverse=True)
    key = file.fields(places[-1])[file.table.key[0]]
    first = len(later.head) + len(later.body) + 1
    later.body += [file.body.pop(place) for place in places][::-1]
    file.write()
    later.write()
    last = first + count - 1
    return _told(later, f"lines {first}-{last}: of {file.received}", key)


def _corrected_rows(spoiler: Spoiler, day: int) -> Place | None:
    """A wrong amount first, the right one under the same key later."""
    file = spoiler.moving(day)
    later = _later(spoiler, file, day, 2, 20)
    if not file or not later:
        return None
    spoiler.take(file, later)
    place, fields = spoiler.row(file)
    right = file.body[place]
    amount = _moving_columns(file)[2]
    whole, _, rest = fields[amount].partition(".")
    file.body[place] = line_of({**fields, amount: f"{int(whole) + 100}.{rest}"}, file.table.delimiter)
    later.body.append(right)
    file.write()
    later.write()
    line = len(later.head) + len(later.body)
    return _told(later, f"line {line}: {amount} of {file.received}", fields[file.table.key[0]])


def _deleted_rows(spoiler: Spoiler, day: int) -> Place | None:
    """A transaction that never was, taken back later."""
    file = spoiler.moving(day, ("core.transactions",))
    for after in range(2, 15):
        gone = spoiler.file("core.deleted_transactions", day + after)
        if file and gone:
            spoiler.take(file, gone)
            _, fields = spoiler.row(file)
            fields["transaction_no"] = spoiler.fresh(fields["transaction_no"])
            file.add(fields)
            line = gone.add({"transaction_no": fields["transaction_no"]})
            file.write()
            gone.write()
            return _told(gone, f"line {line}: of {file.received}", fields["transaction_no"])
    return None


def _empty_day(spoiler: Spoiler, day: int) -> Place | None:
    """Nothing comes today; today's rows come tomorrow, before tomorrow's."""
    file = spoiler.moving(day)
    later = spoiler.file(name_of(file), day + 1) if file else None
    if not file or not later:
        return None
    spoiler.take(file, later)
    later.body, file.body = [*file.body, *later.body], []
    file.write()
    later.write()
    return _told(file, f"file; its rows come on {later.received}")


def _later(
    spoiler: Spoiler, file: DeliveredFile | None, day: int, least: int, most: int
) -> DeliveredFile | None:
    """The same table's file some days later, as far as there are days."""
    last = len(spoiler.dates) - 1
    if not file or day >= last:
        return None
    least = min(least, last - day)
    wanted = day + int(spoiler.chance.integers(least, min(most, last - day) + 1))
    for other in [*range(wanted, last + 1), *range(wanted - 1, day, -1)]:
        found = spoiler.file(name_of(file), other)
        if found:
            return found
    return None


Spoils = Callable[[Spoiler, int], Place | None]
_ALL: tuple[tuple[str, str, Spoils], ...] = (
    ("missing_file", STOP, _missing_file),
    ("missing_control", STOP, _missing_control),
    ("wrong_row_count", STOP, _wrong_row_count),
    ("wrong_control_total", STOP, _wrong_control_total),
    ("wrong_sha", STOP, _wrong_sha),
    ("truncated_file", STOP, _truncated_file),
    ("header_changed", STOP, _header_changed),
    ("missing_column", STOP, _missing_column),
    ("wrong_encoding", STOP, _wrong_encoding),
    ("same_file_twice", STOP, _same_file_twice),
    ("duplicate_key", STOP, _duplicate_key),
    ("orphan_transaction", STOP, _orphan_transaction),
    ("orphan_account", STOP, _orphan_account),
    ("negative_balance", STOP, _negative_balance),
    ("unknown_currency", STOP, _unknown_currency),
    ("future_date", STOP, _future_date),
    ("unreadable_date", QUARANTINE, _unreadable_date),
    ("unreadable_number", QUARANTINE, _unreadable_number),
    ("missing_value", QUARANTINE, _missing_value),
    ("swapped_columns", QUARANTINE, _swapped_columns),
    ("new_column", WARNING, _new_column),
    ("unknown_code", WARNING, _unknown_code),
    ("currency_mix", WARNING, _currency_mix),
    ("late_rows", NONE, _late_rows),
    ("corrected_rows", NONE, _corrected_rows),
    ("deleted_rows", NONE, _deleted_rows),
    ("empty_day", NONE, _empty_day),
)
KINDS: dict[str, Spoils] = {name: spoils for name, _, spoils in _ALL}
# What a night should do: stop it, put the line aside, warn, or nothing (it takes the rows as they come).
EXPECTED: dict[str, str] = {name: reaction for name, reaction, _ in _ALL}
