"""The demo bank's customers as the matcher reads them, straight from its deliveries, without a night."""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb

from pipelines.demo_bank import write_demo_bank
from pipelines.demo_bank.truth import truth_path
from pipelines.landing.delivery import Delivery, read_control
from pipelines.landing.files import read_rows
from pipelines.sources import Table, load_source

FIRST_DATE, LAST_DATE = date(2026, 10, 1), date(2026, 10, 31)
_TABLES = {
    **{"core": "customers", "cards": "cardholders", "channels": "users", "corporate": "companies"},
    **{"crm": "clients", "loans": "borrowers", "wealth": "investors"},
}
_COLUMNS = ("customer_kind", "full_name", "identity_type", "identity_number")
_COLUMNS += ("birth_date", "sex", "phone", "email", "address")
# As the night tells them apart (arrivals.py, customer_kind_by_number): persons, and organisations.
_RECORDS = """
select source_code, source_customer_id, truth.person_id, truth.disturbance,
       case when is_person then full_name end as full_name,
       identity_number,
       case when is_person and full_name is not null then birth_date end as birth_date,
       case when is_person then phone end as phone_number,
       case when is_person then email end as email_address,
       case when is_person and full_name is not null then address end as address_text,
       case when is_person and full_name is not null then sex end as sex_code,
       case when not is_person then full_name end as organisation_name,
       case when not is_person then phone end as organisation_phone_number
from (
    select *, source_code <> 'corporate' and coalesce(customer_kind, 'P') = 'P'
           and coalesce(identity_type, 'ID') <> 'USCC'
           and not regexp_full_match(coalesce(full_name, ''), '([\u4e00-\u9fff]\\s*){5,}') as is_person
    from read_csv($versions, all_varchar = true, header = true, nullstr = '')
    qualify row_number() over (
        partition by source_code, source_customer_id order by received_date desc, place desc
    ) = 1
)
join read_csv($truth, all_varchar = true, header = true) as truth using (source_code, source_customer_id)
order by source_code, source_customer_id
"""


def write_demo_records(folder: Path, customers: int) -> Path:
    """Write a demo bank of one month, and the last version of each of its customer records as parquet.

    Columns: those of ``rules.yml``, and the truth ``person_id`` and ``disturbance`` (kinds joined by +).
    """
    landing = folder / "landing"
    write_demo_bank(landing, customers=customers, first_date=FIRST_DATE, last_date=LAST_DATE)
    versions, path = folder / "versions.csv", folder / "records.parquet"
    with versions.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("source_code", "received_date", "place", "source_customer_id", *_COLUMNS))
        for source, name in _TABLES.items():
            writer.writerows(_versions(landing, load_source(source).table(name)))
    read = {"versions": str(versions), "truth": str(truth_path(landing))}
    duckdb.sql(_RECORDS, params=read).write_parquet(str(path))
    return path


def _versions(landing: Path, table: Table) -> Iterator[tuple[str, ...]]:
    places = [table.column_names.index(name) if name in table.column_names else None for name in _COLUMNS]
    for folder in sorted((landing / table.source).iterdir()):
        delivery = Delivery(table, date.fromisoformat(folder.name), folder)
        if not delivery.path.exists():
            continue
        for line, row in read_rows(delivery, read_control(delivery)):
            told = ("" if place is None else row[place] for place in places)
            yield (table.source, folder.name, f"{line:09}", row[0], *told)
