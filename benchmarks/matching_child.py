"""What a process of the identity bench does; it imports what a night does and no more."""

import sys
from datetime import date
from pathlib import Path

from pipelines.identity import index
from pipelines.identity.fold import fold
from pipelines.identity.matching import load_model, match, parse_rules, save_model, workspace
from pipelines.identity.matching.engine import comparisons_of_rules
from pipelines.identity.matching.evaluate import write_clusters
from pipelines.identity.matching.model import read_model
from pipelines.identity.region import keep_changes, read_region, weights_in

TRAINING, KEPT, INDEX, NIGHT = "with training", "with a kept model", "index", "night"
FIRST_DATE, NIGHT_DATE = date(2026, 10, 30), date(2026, 10, 31)
RULES = {
    "id": "record_id",
    "source": "system",
    "columns": {
        "name": {"kind": "full_name"},
        "number": {"kind": "id_number"},
        "born": {"kind": "date"},
        "phone": {"kind": "phone"},
        "email": {"kind": "email"},
        "address": {"kind": "text"},
        "sex": {"kind": "category"},
    },
}


def _match(folder: Path, way: str) -> None:
    kept = folder / "model"
    with workspace() as connection:
        rules = parse_rules(RULES)
        model_folder = kept if way == KEPT else None
        found = match(connection, [folder / "records.parquet"], rules, model_folder=model_folder)
        print(f"  {way}: {found.pairs} pairs compared, {len(found.conflicts)} conflicts", flush=True)
        if way == TRAINING:
            save_model(connection, found.model, kept)
        write_clusters(connection, folder / "clusters.csv")


def _take(folder: Path, way: str) -> None:
    """Take a file of versions into the bank's index, and fold the day it came on."""
    rules = parse_rules(RULES)
    comparisons = comparisons_of_rules(rules)
    is_night = way == NIGHT
    name, since, day = ("night", FIRST_DATE, NIGHT_DATE) if is_night else ("before", None, FIRST_DATE)
    with index.opened(folder / "index") as connection:
        kept = folder / "model"
        model = read_model(comparisons, kept) if is_night else load_model(connection, comparisons, kept)
        taken = index.take(connection, model, rules, folder / f"{name}.csv", since, None)
        region = read_region(connection, since, [])
        days = fold(region, [], [day.toordinal()], weights_in(connection, model), model.settings)
        changed = keep_changes(connection, days)
        print(f"  {name}: {taken} versions taken, {changed} changes", flush=True)


if __name__ == "__main__":
    home, what = Path(sys.argv[1]), sys.argv[2]
    (_take if what in (INDEX, NIGHT) else _match)(home, what)
