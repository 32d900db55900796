"""``python -m benchmarks [name …]``: run the benches named, or all; exit code 1 if one missed its aim."""

import argparse
from collections.abc import Callable

from benchmarks import gates, history, identity, night, tiers

BENCHES: dict[str, Callable[..., bool]] = {
    "night": night.measure,
    "history": history.measure,
    "identity": identity.measure,
    "tiers": tiers.measure,
    "gates": gates.measure,
}


def main() -> int:
    """Run the benches; 0 when all met their aim, 1 when one missed it, 2 for a name that is none."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="name", help=" | ".join(BENCHES))
    parser.add_argument("--customers", type=int, help="of the history, tiers or gates bench")
    parser.add_argument("--months", type=int, nargs="*", help="of the history, tiers or gates bench")
    parser.add_argument(
        "--records", type=int, nargs="*", default=identity.RECORDS, help="of the identity bench"
    )
    given = parser.parse_args()
    if unknown := sorted(set(given.names) - set(BENCHES)):
        parser.error(f"no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    options = {
        "history": {
            "customers": given.customers or history.CUSTOMERS,
            "months": tuple(given.months or history.MONTHS),
        },
        "identity": {"records": tuple(given.records)},
        "tiers": {
            "customers": given.customers or tiers.CUSTOMERS,
            "months": max(given.months or [tiers.MONTHS]),
        },
        "gates": {
            "customers": given.customers or gates.CUSTOMERS,
            "months": max(given.months or [gates.MONTHS]),
        },
    }
    met = [BENCHES[name](**options.get(name, {})) for name in given.names or BENCHES]
    return 0 if all(met) else 1


if __name__ == "__main__":
    raise SystemExit(main())
