"""An invented bank: a seeded simulator that writes deliveries in four source systems' shapes."""

from pipelines.demo_bank.bank import DemoBankError, DemoBankSummary, write_demo_bank
from pipelines.demo_bank.world import World

__all__ = ["DemoBankError", "DemoBankSummary", "World", "write_demo_bank"]
