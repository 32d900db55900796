"""One delivery of files: where its data and control file lie, and what the control file promises."""

import json
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from pipelines.sources.declaration import Table, read_decimal

_DELIVER_AGAIN = "Have it delivered again, then run the night again."


class DeliveryError(Exception):
    """A delivery that cannot be landed; the message names source, table, date, number and the next step."""


def delivery_fault(table: Table, day: date, what: str, next_step: str = _DELIVER_AGAIN) -> DeliveryError:
    """An error that says which delivery it is about; no delivered value belongs into ``what``."""
    return DeliveryError(f"{table.source}.{table.name} {day}: {what}. Nothing was landed. {next_step}")


@dataclass(frozen=True)
class Delivery:
    """One table's file of one date of receipt, in the folder ``<landing>/<source>/<date>``."""

    table: Table
    received_date: date
    folder: Path

    @property
    def path(self) -> Path:
        """The data file."""
        return self.folder / self.table.file_name

    @property
    def control_path(self) -> Path:
        """The control file."""
        return self.folder / self.table.control_name

    def fault(self, what: str, next_step: str = _DELIVER_AGAIN) -> DeliveryError:
        """An error about this delivery; no value of the file belongs into ``what``."""
        return delivery_fault(self.table, self.received_date, what, next_step)


@dataclass(frozen=True)
class Control:
    """What the control file promises: rows (without the header), exact sums by column, sha256 of the file."""

    rows: int
    sums: dict[str, Decimal]
    sha256: str


def read_control(delivery: Delivery) -> Control:
    """The control file beside the data file; raises DeliveryError where it does not say what is needed."""
    name = delivery.control_path.name
    try:
        content = json.loads(delivery.control_path.read_bytes(), parse_int=str, parse_float=str)
    except (OSError, ValueError) as error:
        raise delivery.fault(f"the control file {delivery.control_path} cannot be read ({error})") from error
    if not isinstance(content, dict):
        raise delivery.fault(f"the control file {name} is not an object with rows, sums and sha256")
    rows, sums, sha256 = content.get("rows"), content.get("sums", {}), content.get("sha256")
    if not isinstance(rows, str) or not re.fullmatch(r"[0-9]{1,18}", rows):
        raise delivery.fault(f"the control file {name} gives no number of rows")
    if not isinstance(sha256, str) or not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise delivery.fault(f"the control file {name} gives no sha256")
    totals = {column: _control_sum(delivery, sums, column) for column in delivery.table.sums}
    return Control(int(rows), totals, sha256.lower())


def _control_sum(delivery: Delivery, sums: object, column: str) -> Decimal:
    text = sums.get(column) if isinstance(sums, dict) else None
    total = read_decimal(text) if isinstance(text, str) else None
    if total is None:
        raise delivery.fault(
            f"the control file {delivery.control_path.name} gives no control total of {column}"
        )
    return total
