"""Who is one customer, folded over the dated versions of every source record: a pure function of the past."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from itertools import groupby
from operator import attrgetter

Record = tuple[str, str]  # (source_code, source_customer_id)

SINGLE = "single"
RULES = {"ID": "identity_number", "USCC": "company_code"}


class FoldError(Exception):
    """The versions are not in order of their date of receipt."""


@dataclass(frozen=True, slots=True)
class RecordVersion:
    """What a source said of one of its customers on a date; ``identity_key``: None without a valid number."""

    received_date: date
    source_code: str
    source_customer_id: str
    identity_key: str | None
    line_number: int = 0


@dataclass(frozen=True, slots=True)
class IdentityChange:
    """A record whose customer changed on a date.

    ``change_code``: first (the record is new), merge (joined an older record's customer), split (left one).
    ``rule_code``: what gives the record its customer: single (its own birth id) or the kind of number that it
    shares with an older record (identity_number, company_code).
    """

    changed_date: date
    source_code: str
    source_customer_id: str
    customer_id: str
    former_customer_id: str | None
    change_code: str
    rule_code: str


def birth_id(record: Record) -> str:
    """The customer id a record is born with: 'c' and 16 hexadecimal digits."""
    return "c" + sha256(chr(31).join(record).encode()).hexdigest()[:16]


def fold_identities(versions: Iterable[RecordVersion]) -> Iterator[IdentityChange]:
    """The changes of customer id that ``versions`` cause, by date, then by record.

    At the end of each date the records with the same current key are one customer, whose id is the birth id
    of the member first received (same date: lowest source code, then source customer id); a record without a
    key is a customer alone. Within a date only each record's last line counts, and the order of versions does
    not matter. FoldError where a date follows a later one. The cost is that of the versions and the changes.
    """
    clusters = _Clusters()
    former_date = date.min
    for day, batch in groupby(versions, key=attrgetter("received_date")):
        if day <= former_date:
            raise FoldError(
                f"identity versions of {day} follow those of {former_date}: order them by received_date"
            )
        former_date = day
        yield from clusters.advance(day, _last_keys(batch))


def _last_keys(batch: Iterable[RecordVersion]) -> dict[Record, str | None]:
    last: dict[Record, RecordVersion] = {}
    for version in batch:
        record = (version.source_code, version.source_customer_id)
        if record not in last or version.line_number > last[record].line_number:
            last[record] = version
    return {record: version.identity_key for record, version in last.items()}


@dataclass
class _Clusters:
    """The state at the end of a date. A customer is named by its founder, the member first received."""

    births: dict[Record, int] = field(default_factory=dict)
    keys: dict[Record, str | None] = field(default_factory=dict)
    founder_of: dict[Record, Record] = field(default_factory=dict)
    members: dict[str, set[Record]] = field(default_factory=dict)
    founders: dict[str, Record] = field(default_factory=dict)

    def advance(self, day: date, latest: dict[Record, str | None]) -> list[IdentityChange]:
        """Take in one date's keys and return its changes, sorted by record."""
        joined = self._move(latest)
        affected = {record: record for record in latest if latest[record] is None}
        for key, newcomers in joined.items():
            affected |= self._settle(key, newcomers)
        changed = sorted(item for item in affected.items() if self.founder_of.get(item[0]) != item[1])
        changes = [self._change(day, record, founder) for record, founder in changed]
        self.founder_of.update(changed)
        return changes

    def _move(self, latest: dict[Record, str | None]) -> dict[str, list[Record]]:
        """Give each record its new key; every touched key with the records that joined it."""
        joined: dict[str, list[Record]] = {}
        for record in sorted(latest):
            self.births.setdefault(record, len(self.births))
            old, new = self.keys.get(record), latest[record]
            self.keys[record] = new
            if old == new:
                continue
            if old is not None:
                self.members[old].remove(record)
                joined.setdefault(old, [])  # touched, also when nobody joins
            if new is not None:
                self.members.setdefault(new, set()).add(record)
                joined.setdefault(new, []).append(record)
        return joined

    def _settle(self, key: str, newcomers: list[Record]) -> dict[Record, Record]:
        """The founder of each member of a touched key whose founder may have changed.

        All members are looked at only when the founder is another one, that is when all of them change.
        """
        members, old = self.members[key], self.founders.get(key)
        if not members:
            del self.members[key]
            self.founders.pop(key, None)
            return {}
        candidates = [old, *newcomers] if old in members else members
        founder = min(candidates, key=self.births.__getitem__)
        self.founders[key] = founder
        return dict.fromkeys(newcomers if founder == old else members, founder)

    def _change(self, day: date, record: Record, founder: Record) -> IdentityChange:
        former = self.founder_of.get(record)
        if former is None:
            change_code = "first"
        else:
            # Under a founder it had been one customer with, the record was left behind; else it joined him.
            change_code = "split" if self.founder_of.get(founder) == former else "merge"
        key = self.keys[record]
        is_linked = key is not None and record != founder
        return IdentityChange(
            changed_date=day,
            source_code=record[0],
            source_customer_id=record[1],
            customer_id=birth_id(founder),
            former_customer_id=former and birth_id(former),
            change_code=change_code,
            rule_code=RULES[key.partition(":")[0]] if is_linked else SINGLE,
        )
