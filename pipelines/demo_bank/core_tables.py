"""What core delivers of the deposits: accounts, their holders, balances and transactions."""

import numpy as np
import pyarrow as pa

from pipelines.demo_bank import ledger as book
from pipelines.demo_bank.market import CURRENCIES, PER_BASIS_POINT
from pipelines.demo_bank.records import Records
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.world import NEVER
from pipelines.demo_bank.writing import EMPTY, Frame, coded, numbered

ROLES = ("OWNER", "JOINT", "AUTHORISED")
OWNER, JOINT, AUTHORISED = range(3)


class CoreTables:
    """The day's rows of the ledger; joint holders are husbands and wives, authorised ones represent firms."""

    def __init__(self, scene: Scene, customers: Records) -> None:
        self.scene, self.customers = scene, customers
        count, chance = scene.people.count, scene.streams.of("account holders")
        self._shares = (scene.people.spouse >= 0) & (chance.random(count) < scene.world.joint_share)
        self._authorises = (scene.people.legal >= 0) & (chance.random(count) < scene.world.authorised_share)
        self._waiting = np.zeros(0, dtype=np.int64)  # accounts whose second holder core does not know yet
        self._has_second = np.zeros(0, dtype=bool)  # by account: a second holder was told

    def start(self) -> None:
        """Nothing of its own."""

    def step(self, day: int) -> None:
        """Nothing of its own."""

    def tables(self, day: int) -> dict[str, Frame]:
        """Accounts opened, renewed or closed, their holders, changed balances, transactions."""
        ledger = self.scene.ledger
        postings, changed = ledger.take_postings(), ledger.take_changed()
        moved = np.zeros(ledger.count, dtype=bool)
        moved[changed] = True
        moved[postings.account] = True
        return {
            "core.accounts": self._accounts(changed),
            "core.account_holders": self._holders(changed, day),
            "core.balances": self._balances(np.flatnonzero(moved), day),
            "core.transactions": self._transactions(postings, day),
        }

    def _accounts(self, accounts: np.ndarray) -> Frame:
        ledger = self.scene.ledger
        owner = ledger.owner[accounts]
        return {
            "account_no": account_numbers(accounts),
            "customer_no": self._owner_numbers(accounts),
            "product_code": coded(book.PRODUCTS, ledger.product[accounts]),
            "currency": coded(CURRENCIES, ledger.currency[accounts]),
            "branch_no": numbered("B", self.scene.people.branch[owner] + 1, 3),
            "annual_rate": ledger.rate[accounts].astype(np.int64) * PER_BASIS_POINT,
            "opened_date": ledger.opened[accounts],
            "maturity_date": np.where(ledger.product[accounts] == book.TERM, ledger.matures[accounts], EMPTY),
            "closed_date": np.where(ledger.closed[accounts] >= 0, ledger.closed[accounts], EMPTY),
        }

    def _holders(self, changed: np.ndarray, day: int) -> Frame:
        """Owners when an account is opened or closed; second holders once core knows them, and at its end,
        which ends every right to it.
        """
        ledger, core = self.scene.ledger, self.scene.registers["core"]
        opened_now = (ledger.opened[changed] == day) | (day == 0)
        closed_now = ledger.closed[changed] == day
        accounts = changed[opened_now | closed_now]
        owners = ledger.owner[accounts]
        waiting = np.unique(np.concatenate([self._waiting, accounts]))
        second, role = self._second_holder(waiting)
        ready = (second >= 0) & (self.scene.people.joined[second] <= day) & core.knows(second, day)
        ready &= self.scene.life.gone_on[second] >= day
        self._has_second = np.pad(self._has_second, (0, ledger.count - len(self._has_second)))
        ready |= self._has_second[waiting] & (ledger.closed[waiting] >= 0)
        later = (second >= 0) & ~ready & (core.since[second] < NEVER) & (ledger.closed[waiting] < 0)
        self._waiting = waiting[later]
        self._has_second[waiting[ready]] = True
        account = np.concatenate([accounts, waiting[ready]])
        person = np.concatenate([owners, second[ready]])
        since = np.maximum(
            ledger.opened[account], np.where(core.since[person] < NEVER, core.since[person], 0)
        )
        return {
            "account_no": account_numbers(account),
            "customer_no": pa.concat_arrays(
                [self._owner_numbers(accounts), self.customers.customer_nos(second[ready])]
            ),
            "role": coded(ROLES, np.concatenate([np.full(len(accounts), OWNER), role[ready]])),
            "from_date": since,
            "until_date": np.where(ledger.closed[account] >= 0, ledger.closed[account], EMPTY),
        }

    def _owner_numbers(self, accounts: np.ndarray) -> pa.Array:
        ledger = self.scene.ledger
        return self.customers.customer_nos(ledger.owner[accounts], accounts, ledger.opened[accounts])

    def _second_holder(self, accounts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The second holder of each account, -1 = none, and the role."""
        ledger, people = self.scene.ledger, self.scene.people
        owner = ledger.owner[accounts]
        is_main = self.scene.current[owner] == accounts
        joint = self._shares[owner] & ~is_main & (ledger.currency[accounts] == 0)
        authorised = self._authorises[owner] & is_main
        second = np.where(joint, people.spouse[owner], np.where(authorised, people.legal[owner], -1))
        return second, np.where(joint, JOINT, AUTHORISED)

    def _balances(self, accounts: np.ndarray, day: int) -> Frame:
        return {
            "account_no": account_numbers(accounts),
            "balance_date": day,
            "balance": self.scene.ledger.balance[accounts],
        }

    def _transactions(self, postings: book.Postings, day: int) -> Frame:
        count = len(postings.account)
        return {
            "transaction_no": numbered(f"T{self.scene.calendar.stamp(day)}", np.arange(1, count + 1), 7),
            "account_no": account_numbers(postings.account),
            "transaction_date": day,
            "direction": coded(("D", "C"), postings.cents > 0),
            "amount": np.abs(postings.cents),
            "channel": coded(book.CHANNELS, postings.channel),
            "transaction_type": coded(book.KINDS, postings.kind),
            "initiated_by": coded(book.INITIATORS, postings.by),
            "other_bank": coded(
                (*book.OTHER_BANKS, None), np.where(postings.bank < 0, len(book.OTHER_BANKS), postings.bank)
            ),
            "is_own_name": coded((None, "N", "Y"), postings.name),
        }


def account_numbers(accounts: np.ndarray) -> pa.Array:
    """The numbers of deposit accounts."""
    return numbered("A", np.asarray(accounts) + 1, 8)
