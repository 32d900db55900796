"""An invented bank: a seeded simulator that writes deliveries in seven source systems' shapes."""

from pipelines.demo_bank.bank import DemoBankError, DemoBankSummary, write_demo_bank
from pipelines.demo_bank.faults import FaultPlan, FaultsError, read_faults, read_plan, restore
from pipelines.demo_bank.world import World

__all__ = [
    "DemoBankError",
    "DemoBankSummary",
    "FaultPlan",
    "FaultsError",
    "World",
    "read_faults",
    "read_plan",
    "restore",
    "write_demo_bank",
]
