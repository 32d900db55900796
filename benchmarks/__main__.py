"""``python -m benchmarks [name …]``: run the benches named, or all; exit code 1 if one missed its aim."""

import sys
from collections.abc import Callable

from benchmarks import night

BENCHES: dict[str, Callable[[], bool]] = {"night": night.measure}


def main(names: list[str]) -> int:
    """Run the benches; 0 when all met their aim, 1 when one missed it, 2 for a name that is none."""
    unknown = sorted(set(names) - set(BENCHES))
    if unknown:
        print(f"no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    met = [BENCHES[name]() for name in names or BENCHES]
    return 0 if all(met) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
