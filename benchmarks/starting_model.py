"""``python -m benchmarks.starting_model``: make the model that holds until a bank promotes one of its own.

Weights are learnt from the persons of a demo bank; what only this bank could know is taken out of them: how
many records carry a value, its fillers, how likely two of its records are one person.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.demo_records import write_demo_records
from pipelines.identity.arrivals import customer_rules
from pipelines.identity.matching import workspace
from pipelines.identity.matching.blocking import Blocking
from pipelines.identity.matching.engine import train_on_records
from pipelines.identity.matching.model import content_of
from pipelines.identity.matching.settings import match_settings
from pipelines.identity.matching.table import load_records
from pipelines.settings import ROOT

SHIPPED = ROOT / "pipelines" / "identity" / "starting_model.json"
CUSTOMERS = 20_000
PRIOR = 1 / (1 + 2**17)  # few odds: one pair in 131,073 is one person, in a bank of any size
BLOCK_SIZE, TOLD = 50, 1  # records that may share any key; rules that must find a pair


def starting_content(records: Path) -> str:
    """The starting model as text, trained on records as ``write_demo_records`` writes them."""
    rules = customer_rules()
    with workspace() as connection:
        load_records(connection, [records], rules, [])
        model = train_on_records(connection, rules, match_settings())
    return content_of(
        replace(
            model,
            prior=PRIOR,
            blocking=Blocking((BLOCK_SIZE,) * len(model.blocking.sizes), TOLD),
            habits=replace(model.habits, fillers=()),
            is_counted=False,
        )
    )


def main() -> None:
    """Write the model; its way into the product is a review of the file's change."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.starting_model", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--customers", type=int, default=CUSTOMERS, help="of the demo bank")
    parser.add_argument("--out", type=Path, default=SHIPPED)
    given = parser.parse_args()
    with TemporaryDirectory(prefix="yihu-starting-") as folder:
        content = starting_content(write_demo_records(Path(folder), given.customers))
    given.out.write_text(content, encoding="utf-8")
    print(f"{given.out}: a starting model from the records of {given.customers} invented customers")


if __name__ == "__main__":
    main()
