"""Landing: deliveries go into raw as received, checked whole against what their control files promise."""

from pipelines.landing.files import (
    Control,
    Delivery,
    DeliveryError,
    new_columns,
    read_control,
    read_rows,
)
from pipelines.landing.land import LandingResult, land
from pipelines.landing.raw import ensure_raw_tables, write_rows

__all__ = [
    "Control",
    "Delivery",
    "DeliveryError",
    "LandingResult",
    "ensure_raw_tables",
    "land",
    "new_columns",
    "read_control",
    "read_rows",
    "write_rows",
]
