"""Nights over spoilt deliveries, run as a data engineer runs them, and what became of every fault.

Where a night stops he reads which delivery it names, has that one delivered again and runs the night again.
Each stop must name faults that are there and nothing else; each night that publishes must have told of all
the faults that it took in.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from night_support import night_state, query, run_night
from small_bank import reading

from pipelines import nights
from pipelines.demo_bank.fault_kinds import EXPECTED
from pipelines.demo_bank.faults import Fault, read_faults, restore
from pipelines.gates import GateClosed
from pipelines.landing import DeliveryError
from pipelines.nights import Night
from pipelines.settings import Settings

# What landing says beside the place; the kinds that are not here are for the gate.
WORDS = {
    "missing_file": "the delivery is missing",
    "missing_control": "the control file of the delivery is missing",
    "wrong_row_count": "rows, the control file promises",
    "wrong_control_total": "the control total is",
    "wrong_sha": "sha256",
    "truncated_file": "promises",
    "header_changed": "not declared",
    "missing_column": "missing: ",
    "wrong_encoding": "is not utf-8",
    "same_file_twice": "is the file of",
    "duplicate_key": "have the same key",
    "future_date": "after the date of receipt",
}
# The last part of the rule that a kind breaks; what comes before is source and table.
RULES = {
    "orphan_transaction": "source_account_id_exists",
    "orphan_account": "source_customer_id_exists",
    "negative_balance": "term_deposit_not_negative",
    "unknown_currency": "currency_code_has_rate",
    "unknown_code": "channel_code_known",
    "currency_mix": "currency_code_fits_product",
}
_WARNED = {"new_column": "the column's values kept aside; published without them, and told"}
TAKEN_IN = ("unknown_code", "currency_mix")  # warned of and published: the rows themselves are of use
# A closed month's tier was given on what was known by its end: how long a customer has been in his tier may
# differ where rows were late, corrected or taken back.
LEFT_OUT = {"customer_tiers": ["since_date"]}
_PLACE = re.compile(r"(\w+)\.(\w+) (\d{4}-\d\d-\d\d): ")
_LINE = re.compile(r"line (\d+): (.+)")


@dataclass(frozen=True)
class Catch:
    """What caught a fault, how grave that is, and what became of the night."""

    rule: str
    severity: str
    happened: str


@dataclass
class Engineer:
    """Runs nights over a landing with faults; ``found`` says of each, by number, how it showed itself.

    ``caught`` says by which rule, in the words of docs/faults.md.
    """

    settings: Settings
    faults: list[Fault]
    found: dict[int, str] = field(default_factory=dict)
    caught: dict[int, Catch] = field(default_factory=dict)
    stops: int = 0
    _until: date = date.min
    _seen: dict[str, str] = field(default_factory=dict)

    def run(self, settings: Settings, business_date: date) -> Night:
        """One night to its end, with all its stops; takes the place of ``run_night``."""
        assert settings == self.settings
        while True:
            try:
                night = run_night(settings, business_date)
            except (DeliveryError, GateClosed) as stop:
                self._repair(business_date, str(stop), isinstance(stop, GateClosed))
                continue
            self._look_back(night)
            self._until, self._seen = business_date, reading(settings)
            return night

    def unseen(self) -> list[Fault]:
        """Faults that no night has told of."""
        return [fault for fault in self.faults if fault.fault_no not in self.found]

    def tell(self, business_date: date, what: str) -> None:
        """Progress, also out of a worker of a parallel test run."""
        print(f"{business_date}: {what}", file=sys.stderr, flush=True)

    def _repair(self, business_date: date, message: str, is_gate: bool) -> None:
        ((number,),) = query(self.settings, "select max(night_id) from ops.nights")
        state, step, recorded = night_state(self.settings, nights.load_night(self.settings, number))
        assert (state, step) == ("stopped", "gate_delivery" if is_gate else "land"), message
        named = self._named_by_gate(number, business_date) if is_gate else [self._named_by_landing(message)]
        for fault in named:
            place = f"{fault.source}.{fault.table}"
            for told in (message, recorded):
                assert place in told, fault
                assert (str(business_date) if is_gate else f"{place} {fault.received_date}: ") in told, fault
            restore(self.settings.landing, fault)
            self.found[fault.fault_no] = f"stop at {step}"
            rule = f"`{_rule(fault)}`" if is_gate else f"landing: “… {WORDS[fault.kind].strip(': ')} …”"
            self.caught[fault.fault_no] = Catch(
                rule,
                "critical",
                f"night stopped at `{step}`, nothing published; delivered again, run again, published",
            )
            self.tell(business_date, f"stopped by {fault.kind} in {place} of {fault.received_date}; repaired")
        assert reading(self.settings) == self._seen, "reporting moved"
        self.stops += 1

    def _arrived(self, until: date) -> Iterator[Fault]:
        """The faults that a night takes in, without those that are repaired."""
        for fault in self.unseen():
            if self._until < date.fromisoformat(fault.received_date) <= until:
                yield fault

    def _named_by_landing(self, message: str) -> Fault:
        place = _PLACE.search(message)
        assert place, message
        fault = next(
            (
                fault
                for fault in self.unseen()
                if (fault.source, fault.table, fault.received_date) == place.groups()
            ),
            None,
        )
        assert fault, f"stopped where no fault is: {message}"
        assert fault.expected == "stop", f"{fault}: {message}"
        assert WORDS.get(fault.kind, "") in message, f"{fault}: {message}"
        return fault

    def _named_by_gate(self, night_id: int, business_date: date) -> list[Fault]:
        """The faults whose rule failed; no other critical rule may have."""
        failed = self._failed(night_id, "critical")
        named = [
            fault
            for fault in self._arrived(business_date)
            if fault.expected == "stop" and _rule(fault) in failed
        ]
        assert failed == {_rule(fault) for fault in named}
        return named

    def _failed(self, night_id: int, severity: str) -> set[str]:
        rows = query(
            self.settings,
            "select rule_id from ops.gate_results "
            "where night_id = %s and severity_code = %s and outcome_code <> 'passed'",
            night_id,
            severity,
        )
        return {rule_id for (rule_id,) in rows}

    def _look_back(self, night: Night) -> None:
        """A night that published must have told of everything that it took in."""
        warned = self._failed(night.night_id, "warning")
        arrived = list(self._arrived(night.business_date))
        for fault in arrived:
            assert fault.expected != "stop", f"published in spite of {fault}"
            if fault.expected == "quarantine":
                rules = self._check_quarantined(fault)
                catch = Catch(
                    f"quarantine: {rules}", "the line", "line set aside, tied out; published without"
                )
            elif fault.expected == "warning":
                assert _rule(fault) in warned, fault
                self._check_aside(fault)
                catch = Catch(f"`{_rule(fault)}`", "warning", _WARNED.get(fault.kind, "published, and told"))
            else:
                rule = f"volume.{fault.source}.{fault.table}"
                told = (f"`{rule}`", "warning") if rule in warned else ("none: no error", "–")
                catch = Catch(*told, "taken in as it came; published as in the clean bank")
            self.caught[fault.fault_no] = catch
            self.found[fault.fault_no] = fault.expected
        kinds = ", ".join(f"{fault.kind} ({fault.expected})" for fault in arrived)
        self.tell(night.business_date, f"published; took in {kinds or 'no fault'}")

    def _check_quarantined(self, fault: Fault) -> str:
        """The rules by which the line was set aside."""
        line, columns = _LINE.fullmatch(fault.place).groups()
        found = query(
            self.settings,
            "select column_name, rule_id from ops.quarantine "
            "where (source_code, table_name, received_date, line_number) = (%s, %s, %s, %s)",
            *(fault.source, fault.table, fault.received_date, int(line)),
        )
        assert sorted(name for name, _ in found) == sorted(re.split(", | and ", columns)), fault
        return ", ".join(f"`{rule}`" for rule in sorted({rule for _, rule in found}))

    def _check_aside(self, fault: Fault) -> None:
        """A new column is on record with its table and date."""
        ((names,),) = query(
            self.settings,
            "select extra_columns from ops.deliveries "
            "where (source_code, table_name, received_date) = (%s, %s, %s)",
            *(fault.source, fault.table, fault.received_date),
        )
        assert names == (["remark"] if fault.kind == "new_column" else []), fault


def engineer(settings: Settings) -> Engineer:
    """Somebody who runs the nights over what lies in the landing folder."""
    return Engineer(settings, read_faults(settings.landing))


def fault_table(engineer: Engineer) -> str:
    """A table of Markdown: of each kind the first fault, what caught it, how grave it is, what happened."""
    first = {fault.kind: fault for fault in reversed(engineer.faults)}
    rows = [
        f"| `{kind}` | {fault.source}.{fault.table} | {fault.expected} "
        f"| {catch.rule} | {catch.severity} | {catch.happened} |"
        for kind, fault in sorted(first.items(), key=lambda each: list(EXPECTED).index(each[0]))
        for catch in [engineer.caught[fault.fault_no]]
    ]
    head = "| fault | planted in | should | caught by | severity | what happened |"
    return "\n".join([head, "|---" * 6 + "|", *rows, ""])


def _rule(fault: Fault) -> str:
    name = f"{fault.source}.{fault.table}"
    if fault.kind == "new_column":
        return f"schema_drift.{name}"
    return f"{name}.{RULES.get(fault.kind)}"


# ── what was published ──────────────────────────────────────────────────────────────────────────────────────


def quarantined_lines(settings: Settings) -> set[tuple[str, str, str, int]]:
    """Source, table, date and line of everything in quarantine."""
    return set(
        query(
            settings,
            "select distinct source_code, table_name, received_date::text, line_number from ops.quarantine",
        )
    )


def published_rows(settings: Settings, business_date: date) -> dict[str, Counter[str]]:
    """The rows of every table published for a date, as JSON; without the columns left out."""
    ((edition,),) = query(
        settings,
        "select edition_id from ops.editions where business_date = %s and state = 'kept'",
        business_date,
    )
    names = query(settings, "select table_name from ops.publications where edition_id = %s", edition)
    return {
        name: Counter(
            text
            for (text,) in query(
                settings,
                f"select (to_jsonb(t) - %s::text[])::text from {edition}.{name} as t",
                LEFT_OUT.get(name, []),
            )
        )
        for (name,) in names
    }
