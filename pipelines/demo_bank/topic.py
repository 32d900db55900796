"""What every part of the simulated bank has in common: it starts, takes a step a day and tells its tables."""

from typing import Protocol

from pipelines.demo_bank.writing import Frame


class Topic(Protocol):
    """One part of the bank. Chance comes from `Streams.of(<name of its own>, day)` alone."""

    def start(self) -> None:
        """Bring what was there before the first date (day 0)."""

    def step(self, day: int) -> None:
        """Let one day (1, 2, …) happen."""

    def tables(self, day: int) -> dict[str, Frame]:
        """The day's rows by `source.table`; called once a day, after every topic has taken its step.

        Tables that a topic leaves out are delivered empty.
        """
