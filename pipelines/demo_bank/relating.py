"""Who belongs to whom: husbands and wives, and who represents a firm."""

import numpy as np

from pipelines.demo_bank.records import Records
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.world import NEVER
from pipelines.demo_bank.writing import EMPTY, Frame, coded

RELATIONS = ("SPOUSE", "LEGAL_REPRESENTATIVE")
SPOUSE, LEGAL_REPRESENTATIVE = range(2)


class Relations:
    """Relations that core knows, each delivered once core knows both sides; some marriages end."""

    def __init__(self, scene: Scene, customers: Records) -> None:
        self.scene, self.customers = scene, customers
        people, core = scene.people, scene.registers["core"]
        chance = scene.streams.of("relations of customers")
        one = np.concatenate([np.flatnonzero(people.spouse >= 0), np.flatnonzero(people.legal >= 0)])
        is_spouse = np.arange(len(one)) < (people.spouse >= 0).sum()
        other = np.where(is_spouse, people.spouse[one], people.legal[one])
        known = np.maximum(core.since[one], core.since[other])
        told = chance.random(people.count) < scene.world.told_relation_share
        couple = np.minimum(one, other)  # both sides of a marriage tell the same
        kept = (known < scene.calendar.days) & (told[couple] | ~is_spouse)
        ends = np.floor(chance.exponential(30.44 / scene.world.divorces_per_month, people.count))
        until = np.where(is_spouse, np.maximum(known, 0) + 1 + ends[couple], NEVER)
        self.one, self.other, self.since = one[kept], other[kept], known[kept]
        self.kind = np.where(is_spouse, SPOUSE, LEGAL_REPRESENTATIVE)[kept]
        self.until = np.where(until < scene.calendar.days, until, NEVER)[kept].astype(np.int64)

    def start(self) -> None:
        """Nothing before the first date."""

    def step(self, day: int) -> None:
        """Nothing happens by itself."""

    def tables(self, day: int) -> dict[str, Frame]:
        """Relations that core learns of on a day, and those that end."""
        gone, core = self.scene.life.gone_on, self.scene.registers["core"]
        new = (self.since <= 0) if day == 0 else self.since == day
        new &= (gone[self.one] > day) & (gone[self.other] > day)
        new &= core.knows(self.one, day) & core.knows(self.other, day)
        ended = (self.until == day) & (gone[self.one] > day) & (gone[self.other] > day)
        found = np.flatnonzero(new | ended)
        return {
            "core.customer_relations": {
                "customer_no": self.customers.customer_nos(self.one[found]),
                "relation": coded(RELATIONS, self.kind[found]),
                "related_customer_no": self.customers.customer_nos(self.other[found]),
                "from_date": self.since[found],
                "until_date": np.where(self.until[found] <= day, self.until[found], EMPTY),
            }
        }
