"""``python -m pipelines.building --night N``: the marts of a running night, in a process of its own."""

import argparse
import json
import sys
from dataclasses import asdict

import psycopg2

from pipelines.building.dbt import BuildError
from pipelines.building.marts import RESULT, build_marts
from pipelines.children import collect_rarely
from pipelines.churn import RuleError
from pipelines.nights import NightError, load_night
from pipelines.settings import load_settings
from pipelines.wording import word_error


def main() -> int:
    """Build; the last line on standard output is the result, or what went wrong."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.building", description=__doc__)
    parser.add_argument("--night", type=int, required=True, metavar="N", help="night_id of ops.nights")
    settings, number = load_settings(), parser.parse_args().night
    try:
        result = build_marts(settings, load_night(settings, number), lambda text: print(text, flush=True))
    except (BuildError, NightError, RuleError) as error:
        print(error)
        return 1
    except psycopg2.Error as error:
        print(word_error(error))
        return 1
    print(RESULT + json.dumps(asdict(result)))
    return 0


if __name__ == "__main__":
    collect_rarely()
    sys.exit(main())
