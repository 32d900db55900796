"""The two gates: is what arrived tonight fit to build on, and is tonight's edition fit to publish?

A delivery passes in three steps: quarantine_rejected, tie_out, then the gate; an edition in one.
"""

from pipelines.gates.data_docs import docs_folder
from pipelines.gates.quarantine import Key, hmac_key, keyed_hmac, quarantine_rejected
from pipelines.gates.run import GateError, call_gate, run_gate
from pipelines.gates.suites import Rule, Suite, SuiteError, load_suites
from pipelines.gates.tie_outs import TieOutError, tie_out
from pipelines.gates.verdict import GateClosed, GateResult, GateVerdict, close_if_failed

__all__ = [
    "GateClosed",
    "GateError",
    "GateResult",
    "GateVerdict",
    "Key",
    "Rule",
    "Suite",
    "SuiteError",
    "TieOutError",
    "call_gate",
    "close_if_failed",
    "docs_folder",
    "hmac_key",
    "keyed_hmac",
    "load_suites",
    "quarantine_rejected",
    "run_gate",
    "tie_out",
]
