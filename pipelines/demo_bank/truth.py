"""What is true and never delivered: whose record is whose, and every month's hazards and events."""

from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from pipelines.demo_bank.calendar import Calendar
from pipelines.demo_bank.hazards import EVENTS
from pipelines.demo_bank.life import HazardMonth
from pipelines.demo_bank.world import NEVER
from pipelines.demo_bank.writing import coded, dates, decimals, numbered

FOLDER = "truth"
IDENTITIES = "identities.csv"
HAZARDS = "hazards.parquet"
_HAZARD_SCALE = 6
_SCHEMA = pa.schema(
    [
        ("person_id", pa.string()),
        ("month_end", pa.date32()),
        ("hazard_attrition", pa.decimal128(18, _HAZARD_SCALE)),
        ("hazard_dormancy", pa.decimal128(18, _HAZARD_SCALE)),
        ("hazard_exit", pa.decimal128(18, _HAZARD_SCALE)),
        ("event", pa.string()),
        ("event_date", pa.date32()),
    ]
)


def truth_path(landing: Path, name: str = IDENTITIES) -> Path:
    """Where a file of the truth lies, beside the landing.

    identities.csv: person_id, source_code, source_customer_id, disturbance. hazards.parquet, one row per
    person at risk and month-end: the hazards (0-1) that attrition, dormancy or exit begins in the month that
    follows, which of them does (none: empty) and when; after the last delivered date it is the future.
    """
    return landing.parent / FOLDER / name


class HazardFile:
    """Writes the hazards, a row group per month, so that memory does not grow with months."""

    def __init__(self, path: Path, calendar: Calendar) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._calendar = calendar
        self._file = parquet.ParquetWriter(path, _SCHEMA, compression="zstd", store_schema=False)

    def __enter__(self) -> "HazardFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, month: HazardMonth) -> None:
        """Write one month."""
        present = np.zeros(len(month.person), dtype=bool)
        columns = [
            numbered("P", month.person + 1, 7),
            dates(np.full(len(month.person), month.day), self._calendar),
            *(decimals(month.hazards[:, place], present, _HAZARD_SCALE) for place in range(len(EVENTS))),
            coded((*EVENTS, None), np.where(month.event < 0, len(EVENTS), month.event)),
            dates(np.where(month.event < 0, NEVER, month.event_day), self._calendar),
        ]
        self._file.write_table(pa.Table.from_arrays(columns, schema=_SCHEMA))
