"""An invented bank: a seeded simulator that writes deliveries in seven source systems' shapes."""

from pipelines.demo_bank.bank import DemoBankError, DemoBankSummary, keep_demo_bank, write_demo_bank
from pipelines.demo_bank.faults import FaultsError, read_faults, restore
from pipelines.demo_bank.world import KINDS, World

__all__ = [
    "KINDS",
    "DemoBankError",
    "DemoBankSummary",
    "FaultsError",
    "World",
    "keep_demo_bank",
    "read_faults",
    "restore",
    "write_demo_bank",
]
