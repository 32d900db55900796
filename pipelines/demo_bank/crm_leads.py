"""Campaigns and who answers them, leads that move through their stages, and referrals."""

from typing import Any

import numpy as np

from pipelines.demo_bank.agenda import Agenda, Rows, count_of, stacked
from pipelines.demo_bank.records import Records
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.streams import pick
from pipelines.demo_bank.texts import chosen, column, numbered
from pipelines.demo_bank.world import NEVER

PRODUCTS = ("FUND", "WMP", "INSURANCE", "TD", "GOLD", "PLATINUM", "CONSUMER", "HOUSE")
STAGES = ("NEW", "CONTACTED", "OFFERED", "WON", "LOST")
NEW, CONTACTED, OFFERED, WON, LOST = range(5)
LEAD_SOURCES = ("CONTACT", "CAMPAIGN", "WALK_IN", "WEB")
CONTACT, CAMPAIGN, WALK_IN, WEB = range(4)
RESPONSES = ("ACCEPTED", "DECLINED", "NONE")
_RESPONSE_SHARES = (0.06, 0.24, 0.70)
_NAMES = ("春季理财", "稳健基金", "安心保障", "存款礼遇", "金卡专享", "白金专享", "消费贷款", "安家贷款")
_CAMPAIGN_DAYS, _REACH_SHARE = 21, 0.05
_LEAD_OF_INTEREST, _STRANGERS_PER_CLIENT_AND_DAY = 0.35, 0.00004
_STALE_SHARE, _WON_SHARE, _MEAN_STAGE_DAYS = 0.12, 0.35, 6
_REFERRED_SHARE = 0.15


class Leads:
    """A lead is delivered when it comes and whenever its stage moves; some are forgotten on the way."""

    def __init__(self, scene: Scene, clients: Records) -> None:
        self.scene, self.clients = scene, clients
        self._moves, self._count, self._referrals = Agenda(), 0, 0
        self._campaigns: list[tuple[int, int, np.ndarray]] = []  # number, first day, whom it reaches
        self._campaign_count = 0
        self._begun: dict[str, Any] | None = None

    def begin_campaigns(self, day: int) -> None:
        """Two campaigns a month, from its first day."""
        chance = self.scene.chance("campaigns", day)
        there = self.clients.known_on(day)
        there = there[~self.clients.avoids_contact(there)]
        reach = int(np.ceil(len(there) * _REACH_SHARE))
        self._campaigns = [each for each in self._campaigns if each[1] + _CAMPAIGN_DAYS > day]
        fresh = np.arange(self._campaign_count, self._campaign_count + 2)
        for number in fresh.tolist():
            self._campaigns.append((number, day, chance.permutation(there)[:reach]))
        self._campaign_count += 2
        product = fresh % len(PRODUCTS)
        self._begun = {
            "campaign_no": self._campaign_nos(fresh),
            "campaign_name": column(chosen(_NAMES, product)),
            "product_code": column(chosen(PRODUCTS, product)),
            "from_date": np.full(2, day),
            "until_date": np.full(2, day + _CAMPAIGN_DAYS),
        }

    def take_campaigns(self) -> dict[str, Any] | None:
        """The campaigns that begin today."""
        begun, self._begun = self._begun, None
        return begun

    def step(self, day: int, interested: np.ndarray) -> dict[str, Any]:
        """The day's tables; `interested` are clients who said so in a contact today."""
        chance = self.scene.chance("leads", day)
        responses, accepted = self._respond(day)
        told = interested[chance.random(len(interested)) < _LEAD_OF_INTEREST]
        strangers = chance.poisson(len(self.clients.main) * _STRANGERS_PER_CLIENT_AND_DAY)
        client = np.r_[told, accepted, np.full(strangers, -1)]
        origin = np.repeat([CONTACT, CAMPAIGN, WALK_IN], [len(told), len(accepted), strangers])
        origin = np.where((origin == WALK_IN) & (chance.random(len(origin)) < 0.4), WEB, origin)
        parts = [self._open(client, origin, day, chance), self._move(day, chance)]
        parts = [part for part in parts if count_of(part)] or parts[:1]
        found = {"leads": self._frame(stacked(parts)), "referrals": self._refer(day)}
        return found | ({"campaign_responses": responses} if responses else {})

    def _respond(self, day: int) -> tuple[dict[str, Any] | None, np.ndarray]:
        chance = self.scene.chance("campaign responses", day)
        numbers, who = [], []
        for number, first, reached in self._campaigns:
            per_day = -(-len(reached) // _CAMPAIGN_DAYS)
            today = reached[(day - first) * per_day : (day - first + 1) * per_day]
            numbers.append(np.full(len(today), number))
            who.append(today)
        if not who:
            return None, np.zeros(0, dtype=np.int64)
        number, client = np.concatenate(numbers), np.concatenate(who)
        here = ~self.scene.life.is_gone(day)[self.clients.person[client]]
        number, client = number[here], client[here]
        response = pick(chance, _RESPONSE_SHARES, len(client))
        rows = {
            "campaign_no": self._campaign_nos(number),
            "client_no": column(self.clients.numbers_of(client)),
            "contacted_date": np.full(len(client), day),
            "response": column(chosen(RESPONSES, response)),
        }
        return rows, client[response == 0]

    def _open(self, client: np.ndarray, origin: np.ndarray, day: int, chance: np.random.Generator) -> Rows:
        count = len(client)
        self._count += count
        wealth = self.scene.habits.wealth[self.clients.person[np.maximum(client, 0)]]
        size = np.where(client >= 0, wealth, 30_000) * chance.uniform(0.05, 0.5, count)
        rows = {
            "no": np.arange(self._count - count, self._count),
            "client": client,
            "origin": origin,
            "product": chance.integers(0, len(PRODUCTS), count),
            "stage": np.full(count, NEW),
            "amount": np.maximum(np.rint(size / 1000), 1).astype(np.int64) * 100_000,
            "opened": np.full(count, day),
            "updated": np.full(count, day),
            "closed": np.full(count, NEVER),
        }
        self._plan(rows, day, chance)
        return rows

    def _move(self, day: int, chance: np.random.Generator) -> Rows | None:
        rows = self._moves.take(day)
        if rows is None:
            return None
        draw = chance.random(len(rows["no"]))
        stage = rows["stage"] + 1
        stage = np.where(stage == WON, np.where(draw < _WON_SHARE, WON, LOST), stage)
        stage = np.where((stage < WON) & (draw < 0.15), LOST, stage)
        rows = {**rows, "stage": stage, "updated": np.full(len(stage), day)}
        rows["closed"] = np.where(stage >= WON, day, NEVER)
        self._plan(rows, day, chance)
        return rows

    def _plan(self, rows: Rows, day: int, chance: np.random.Generator) -> None:
        count = len(rows["no"])
        goes_on = (rows["stage"] < WON) & (chance.random(count) >= _STALE_SHARE)
        after = day + 1 + np.floor(chance.exponential(_MEAN_STAGE_DAYS, count)).astype(np.int64)
        self._moves.add(after[goes_on], {name: values[goes_on] for name, values in rows.items()})

    def _frame(self, rows: Rows) -> dict[str, Any]:
        return {
            "lead_no": column(numbered("D", rows["no"] + 1, 9)),
            "client_no": column(self.clients.numbers_of(rows["client"])),
            "lead_source": column(chosen(LEAD_SOURCES, rows["origin"])),
            "product_code": column(chosen(PRODUCTS, rows["product"])),
            "stage": column(chosen(STAGES, rows["stage"])),
            "amount": rows["amount"],
            "opened_date": rows["opened"],
            "updated_date": rows["updated"],
            "closed_date": rows["closed"],
        }

    def _refer(self, day: int) -> dict[str, Any]:
        """Some of those who are new came because another client told them."""
        chance, fresh = self.scene.chance("referrals", day), self.clients.new_on(day)
        fresh = fresh[chance.random(len(fresh)) < _REFERRED_SHARE]
        others = self.clients.known_on(day - 1) if len(fresh) else fresh
        fresh = fresh if len(others) else fresh[:0]
        by = others[chance.integers(0, len(others), len(fresh))] if len(fresh) else fresh
        self._referrals += len(fresh)
        serial = np.arange(self._referrals - len(fresh), self._referrals)
        return {
            "referral_no": column(numbered("Y", serial + 1, 9)),
            "client_no": column(self.clients.numbers_of(by)),
            "referred_client_no": column(self.clients.numbers_of(fresh)),
            "referral_date": np.full(len(fresh), day),
        }

    def _campaign_nos(self, numbers: np.ndarray) -> Any:
        return column(numbered("G", np.asarray(numbers) + 1, 5))
