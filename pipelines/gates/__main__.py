"""``python -m pipelines.gates <delivery|edition> --night N``: one gate, judged in a process of its own.

Exit code 0: the night may go on. 3: the gate closed. 1: it could not be judged. 2: wrong arguments.
"""

import argparse
import sys

from pipelines.children import collect_rarely
from pipelines.gates.data_docs import write_data_docs
from pipelines.gates.run import CLOSED, GateError, run_gate
from pipelines.gates.suites import GATES, SuiteError
from pipelines.gates.verdict import GateClosed, close_if_failed
from pipelines.nights import Night, NightError, load_night
from pipelines.settings import Settings, load_settings


def main() -> int:
    """Judge one gate of a night that is running; what closed it goes to standard error."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.gates", description=__doc__.splitlines()[0])
    parser.add_argument("gate", choices=GATES)
    parser.add_argument("--night", type=int, required=True, metavar="N", help="night_id of ops.nights")
    arguments = parser.parse_args()
    settings = load_settings()
    try:
        night = load_night(settings, arguments.night)
        verdict = run_gate(settings, night, arguments.gate)
        _write_data_docs(settings, night, arguments.gate)
        close_if_failed(verdict)
    except GateClosed as closed:
        print(closed, file=sys.stderr)
        return CLOSED
    except (GateError, NightError, SuiteError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _write_data_docs(settings: Settings, night: Night, gate: str) -> None:
    """The pages explain a verdict that is stored already: without them the night goes on as it must."""
    try:
        write_data_docs(settings, night, gate)
    except Exception as error:
        kind = type(error).__name__
        print(
            f"Data Docs of the {gate} gate of {night.business_date} were not written: {kind}", file=sys.stderr
        )


if __name__ == "__main__":
    collect_rarely()
    sys.exit(main())
