"""What the Berka archive says of value and tiers, by the text of the rules, in plain Python and decimals.

The numbers of the rules are read from the policy files: a changed row changes both sides alike.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, cached_property
from itertools import pairwise

from berka_truth import ZERO, Truth

from pipelines.settings import ROOT

INTEREST = ("UROK", "SANKC. UROK")


@dataclass(frozen=True)
class Month:
    """A month up to the day that is looked at."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class Held:
    """What a customer's AUM level is in a month, and what its average alone would say."""

    rank: int
    metric_rank: int
    metric: Decimal


@dataclass
class Amounts:
    """What a customer brought and cost."""

    deposit: Decimal = ZERO
    loan: Decimal = ZERO
    fee: Decimal = ZERO
    transaction_cost: Decimal = ZERO
    service_cost: Decimal = ZERO

    @property
    def revenue(self) -> Decimal:
        return self.deposit + self.loan + self.fee

    @property
    def value(self) -> Decimal:
        return self.revenue - self.transaction_cost - self.service_cost


class Worth:
    """V1 to V6, V10, T3 and T12 of one day's truth."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.months = list(_months(date(1993, 1, 1), _day(truth.day)))  # of 1993 and 1994
        self.bands = sorted(
            (int(row["rank"]), Decimal(row["lower_bound"] or "-Infinity"), row["band_code"])
            for row in policy("bands", "band_set_code")["aum_level"]
        )

    # ── balances ────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def averages(self) -> dict[tuple[str, Month], tuple[Decimal, Decimal]]:
        """(account, month) → mean of what it held and of what it was overdrawn by, day by day."""
        points = defaultdict(list)
        for (account, day), (balance, _) in sorted(self.truth.day_ends.items()):
            points[account].append((_day(day), balance))
        return {
            (account, month): (
                cents(_sum_of_days(spells, month, 1) / month.days),
                cents(_sum_of_days(spells, month, -1) / month.days),
            )
            for account, spells in points.items()
            for month in self.months
        }

    @cached_property
    def assets(self) -> dict[str, list[Decimal | None]]:
        """Client → his monthly average AUM, one for each month; None before the bank knew him."""
        found: dict[str, list[Decimal | None]] = {}
        known = {client: self.months.index(month) for client, month in self._since.items()}
        for client, first in known.items():
            found[client] = [None] * first + [ZERO] * (len(self.months) - first)
        for (account, month), (average, _) in self.averages.items():
            months, number = found[self.truth.owners[account]], self.months.index(month)
            if months[number] is not None:
                months[number] += average
        return found

    @cached_property
    def _since(self) -> dict[str, Month]:
        """Client → the month in which his first account was opened."""
        opened = {}
        for row in self.truth.dispositions:
            day = self.truth.opened[row["account_id"]]
            opened[row["client_id"]] = min(day, opened.get(row["client_id"], day))
        return {client: self._month(day) for client, day in opened.items()}

    def _month(self, day: str) -> Month:
        return self.months[12 * (int(day[:2]) - 93) + int(day[2:4]) - 1]

    # ── V1 to V6 ────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def amounts(self) -> dict[str, Amounts]:
        """Client → his amounts of the last twelve months."""
        found: dict[str, Amounts] = {client: Amounts() for client in self.truth.clients}
        window = self.months[-12:]
        self._add_accounts(found, window)
        self._add_loans(found, window)
        for client, issued in self.truth.bearers:
            found[client].service_cost += _service_cost("credit_card") * _open_months(_day(issued), window)
        return found

    def _add_accounts(self, found: dict[str, Amounts], window: list[Month]) -> None:
        """V1: average × transfer price ÷ 360 × days, less the interest paid; what is overdrawn is V2."""
        deposit_price, loan_price = transfer_price("deposit", 0), transfer_price("loan", 0)
        booked: dict[tuple[str, Month], Amounts] = defaultdict(Amounts)
        for row in self.truth.transactions:
            if (month := self._month(row["date"])) not in window:
                continue
            amount = Decimal(row["amount"]) * (-1 if row["type"] == "PRIJEM" else 1)
            sums = booked[row["account_id"], month]
            if row["k_symbol"] in INTEREST:
                sums.deposit += amount
            elif row["k_symbol"] == "SLUZBY":
                sums.fee += amount
            else:  # the bank's own bookings are no business of the customer's
                sums.transaction_cost += parameter("transaction_cost_default_amount")
        for account, opened in self.truth.opened.items():
            client = found[self.truth.owners[account]]
            client.service_cost += _service_cost("current_deposit") * _open_months(_day(opened), window)
            for month in window:
                held, overdrawn = self.averages.get((account, month), (ZERO, ZERO))
                sums = booked[account, month]
                basis = parameter("day_count_basis_days")
                client.deposit += cents(held * deposit_price * month.days / basis + min(sums.deposit, ZERO))
                client.loan += cents(-overdrawn * loan_price * month.days / basis + max(sums.deposit, ZERO))
                client.fee += sums.fee
                client.transaction_cost += sums.transaction_cost

    def _add_loans(self, found: dict[str, Amounts], window: list[Month]) -> None:
        """V2: average debt × (the bank's loan rate − the transfer price of its term) ÷ 360 × days."""
        rate = Decimal(policy("products", "product_code")["LOAN"][0]["annual_rate"])
        for loan in self.truth.loans.values():
            client = found[self.truth.owners[loan["account_id"]]]
            granted = _day(loan["date"])
            client.service_cost += _service_cost("personal_loan") * _open_months(granted, window)
            price = transfer_price("loan", (_later(granted, int(loan["duration"])) - granted).days)
            for month in window:
                debt = cents(_sum_of_days(self._debts(loan), month, 1) / month.days)
                margin = debt * (rate - price) * month.days / parameter("day_count_basis_days")
                client.loan += cents(margin)

    def _debts(self, loan: dict[str, str]) -> list[tuple[date, Decimal]]:
        paid: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for row in self.truth.loan_payments[loan["account_id"]]:
            if row["date"] >= loan["date"]:
                paid[row["date"]] += Decimal(row["amount"])
        debt = Decimal(loan["amount"]) - paid.pop(loan["date"], ZERO)
        found = [(_day(loan["date"]), debt)]
        for day, amount in sorted(paid.items()):
            debt -= amount
            found.append((_day(day), debt))
        return found

    def top(self, measure: str) -> tuple[Decimal, Decimal]:
        """V10: who stands wholly within the best fifth: their share of customers and of a measure."""
        amounts = [getattr(self.amounts[client], measure) for client in self.holders]
        counts, total, reached, held = Counter(amounts), sum(amounts), 0, ZERO
        for amount in sorted(counts, reverse=True):
            if Decimal(reached + counts[amount]) / len(amounts) > parameter("concentration_top_share"):
                break
            reached, held = reached + counts[amount], held + amount * counts[amount]
        return (_eight(Decimal(reached) / len(amounts)), _eight(held / total))

    @property
    def holders(self) -> set[str]:
        """Clients who hold something: a disponent's balances are the owner's."""
        return set(self.truth.owners.values()) | {client for client, _ in self.truth.bearers}

    # ── T3, T12 ─────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def levels(self) -> dict[str, list[Held | None]]:
        """Client → his AUM level of each month.

        Up in the next month; after three months below (of a private level six) to where the last one was.
        """
        scheme = policy("tier_schemes", "scheme_code")["aum_level"][0]
        preset = policy("tier_presets", "preset_code")[scheme["preset_code"]][0]
        assert (preset["upgrade_code"], preset["downgrade_code"]) == ("next_month", "last")
        patience = {
            rank: int(
                preset["private_below_months" if rank >= int(scheme["private_from_rank"]) else "below_months"]
            )
            for rank, *_ in self.bands
        }
        return {client: list(self._walk(amounts, patience)) for client, amounts in self.assets.items()}

    def _walk(self, amounts: Iterable[Decimal | None], patience: dict[int, int]) -> Iterable[Held | None]:
        held, following, below = 0, 0, 0
        for amount in amounts:
            if amount is None:
                yield None
                continue
            metric = max(rank for rank, bound, _ in self.bands if amount >= bound)
            if following != held or not held:
                held, below = following or metric, 0
            below = below + 1 if metric < held else 0
            following = metric if metric > held or below == patience[held] else held
            yield Held(held, metric, amount)

    def migrations(self) -> dict[tuple[date, str, str], int]:
        """(end of month, from, to) → customers, between one month and the next."""
        names = {rank: code for rank, _, code in self.bands}
        found: Counter[tuple[date, str, str]] = Counter()
        for months in self.levels.values():
            for (former, held), month in zip(pairwise([None, *months]), self.months, strict=True):
                if held:
                    found[month.last, names[former.rank] if former else "entered", names[held.rank]] += 1
        return dict(found)


@cache
def policy(name: str, key: str) -> dict[str, list[dict[str, str]]]:
    """Group → its rows; the bank's own take the place of the common ones."""
    found: dict[str, list[dict[str, str]]] = {}
    for path in (ROOT / "policy" / f"{name}.csv", ROOT / "policy" / "berka" / f"{name}.csv"):
        if path.exists():
            told = defaultdict(list)
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    told[row[key]].append(row)
            found |= told
    return found


def parameter(code: str) -> Decimal:
    """A single value."""
    return Decimal(policy("parameters", "parameter_code")[code][0]["value"])


def transfer_price(curve: str, term_days: int) -> Decimal:
    """The price of the longest point that is not longer than the term; the shortest holds below it, too."""
    points = sorted(
        (int(row["term_days"]), Decimal(row["annual_rate"]))
        for row in policy("transfer_prices", "curve_code")[curve]
    )
    return max([point for point in points if point[0] <= term_days] or points[:1])[1]


def cents(amount: Decimal) -> Decimal:
    """Half a cent goes away from zero, as in the database."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _eight(share: Decimal) -> Decimal:
    return share.quantize(Decimal("0.00000001"), ROUND_HALF_UP)


def _service_cost(product_class: str) -> Decimal:
    return Decimal(policy("product_classes", "product_class_code")[product_class][0]["service_cost_amount"])


def _open_months(opened: date, window: list[Month]) -> int:
    return sum(opened <= month.last for month in window)


def _sum_of_days(points: list[tuple[date, Decimal]], month: Month, sign: int) -> Decimal:
    """Balance above zero (below for −1) × days, over the days of a month."""
    total = ZERO
    ends = [*(day for day, _ in points[1:]), month.last + timedelta(days=1)]
    for (day, balance), end in zip(points, ends, strict=True):
        days = (min(end, month.last + timedelta(days=1)) - max(day, month.first)).days
        if days > 0:
            total += max(balance * sign, ZERO) * days
    return total


def _months(first: date, until: date) -> Iterable[Month]:
    while first <= until:
        following = _later(first, 1)
        yield Month(first, min(following - timedelta(days=1), until))
        first = following


def _later(day: date, months: int) -> date:
    """The same day so many months later, the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    after = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (after - timedelta(days=1)).day))


def _day(text: str) -> date:
    return datetime.strptime(text, "%y%m%d").date()
