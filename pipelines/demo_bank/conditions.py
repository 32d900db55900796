"""What the bank publishes of itself: branches, list rates, transfer prices, costs; and market prices."""

import numpy as np

from pipelines.demo_bank import ledger as book
from pipelines.demo_bank.market import CURRENCIES, CURVES, PER_BASIS_POINT, PRODUCTS
from pipelines.demo_bank.names import REGIONS, STREETS
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.writing import Frame, numbered

_LONG_AGO = -3650
_FRIDAY = 4
# Yuan per transaction by channel, and by how much each kind of transaction weighs.
_CHANNEL_COSTS = (6.0, 1.2, 3.5, 0.25, 0.15, 0.02)
_KIND_WEIGHTS = (0.5, 1.0, 1.5, 0.6, 0.5, 0.2, 0.2, 0.8, 1.6, 1.0, 0.5)
_YEARLY_SAVING = 0.96


class Conditions:
    """Reference tables; rates are delivered on the day from which they hold."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        chance = scene.streams.of("branches")
        self._branches = scene.world.regions * scene.world.branches_per_region
        self._opened = _LONG_AGO - chance.integers(0, 5000, self._branches)

    def start(self) -> None:
        """Nothing before the first date."""

    def step(self, day: int) -> None:
        """Nothing happens by itself."""

    def tables(self, day: int) -> dict[str, Frame]:
        """The day's reference rows."""
        return {
            "core.branches": self._branch_rows(),
            "core.product_rates": self._product_rates(day),
            "core.transfer_prices": self._transfer_prices(day),
            "core.exchange_rates": self._exchange_rates(day),
            "core.channel_costs": self._channel_costs(day),
            "wealth.prices": self._prices(day),
        }

    def _branch_rows(self) -> Frame:
        places = np.arange(self._branches)
        region = places // self.scene.world.branches_per_region
        street = [STREETS[place % len(STREETS)] for place in places]
        return {
            "branch_no": numbered("B", places + 1, 3),
            "branch_name": [
                f"{REGIONS[where].removesuffix('市')}{one}支行"
                for where, one in zip(region, street, strict=True)
            ],
            "region": [REGIONS[where] for where in region],
            "address": [
                f"{REGIONS[where]}{one}{8 + 10 * place}号"
                for place, (where, one) in enumerate(zip(region, street, strict=True))
            ],
            "opened_date": self._opened,
            "closed_date": None,
        }

    def _product_rates(self, day: int) -> Frame:
        market = self.scene.market
        moved = np.ones(len(market.terms), dtype=bool)
        if day:
            moved = market.list_rates[day] != market.list_rates[day - 1]
        terms = np.array(market.terms)[moved]
        return {
            "product_code": np.where(terms > 0, "TD", "CUR").astype(object),
            "term_days": terms,
            "from_date": np.full(len(terms), day or _LONG_AGO),
            "annual_rate": market.list_rates[day][moved] * PER_BASIS_POINT,
        }

    def _transfer_prices(self, day: int) -> Frame:
        market = self.scene.market
        moved = np.ones(market.curves.shape[1:], dtype=bool)
        if day:
            moved = market.curves[day] != market.curves[day - 1]
        curve, term = np.nonzero(moved)
        return {
            "curve": [CURVES[one] for one in curve],
            "term_days": np.array(market.curve_terms)[term],
            "from_date": np.full(len(term), day or _LONG_AGO),
            "annual_rate": market.curves[day][moved] * PER_BASIS_POINT,
        }

    def _exchange_rates(self, day: int) -> Frame:
        return {
            "currency": list(CURRENCIES[1:]),
            "rate_date": day,
            "rate": self.scene.market.exchange[day, 1:],
        }

    def _channel_costs(self, day: int) -> Frame:
        """Dearer than next year: costs are set anew on the first of January."""
        when = self.scene.calendar.date_of(day)
        if day and (when.month, when.day) != (1, 1):
            return {"channel": [], "transaction_type": [], "from_date": [], "unit_cost": []}
        year = when.year - self.scene.calendar.first.year
        costs = np.outer(_CHANNEL_COSTS, _KIND_WEIGHTS) * _YEARLY_SAVING**year
        return {
            "channel": [channel for channel in book.CHANNELS for _ in book.KINDS],
            "transaction_type": [kind for _ in book.CHANNELS for kind in book.KINDS],
            "from_date": np.full(costs.size, day or _LONG_AGO),
            "unit_cost": np.maximum(np.rint(costs.ravel() * 100), 1).astype(np.int64),
        }

    def _prices(self, day: int) -> Frame:
        traded = day == 0 or self.scene.calendar.date_of(day).weekday() <= _FRIDAY
        count = len(PRODUCTS) if traded else 0
        return {
            "product_code": list(PRODUCTS[:count]),
            "price_date": np.full(count, day),
            "price": self.scene.market.prices[day, :count],
        }
