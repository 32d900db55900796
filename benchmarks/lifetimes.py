"""V8: what life-time values foretold for the twelve months after a date, held against what came.

A demo bank goes through the pipeline up to the date; the night's table is put aside, and the rest of the bank
is loaded. The naive baseline is the mean margin of the last year × months × the retention of policy. Policy
was chosen on the demo bank's own seed, which is none of these.
"""

from datetime import date

import numpy as np
import pandas as pd

from benchmarks.installation import Installation, installation
from pipelines.months import last_date, month_number

LAST = date(2026, 10, 31)
MONTHS_AHEAD = 12
TOP = 0.2
CAP = 0.99


def figures_of_lifetimes(customers: int, months: int, seed: int) -> dict[str, float]:
    """How many of the best fifth were foretold, ours against the naive baseline, and the capped total."""
    start = month_number(LAST) - MONTHS_AHEAD
    with installation("demo") as bench:
        bench.yihu(
            *("demo", "write", "--world", "drivers", "--seed", str(seed)),
            *("--customers", str(customers), "--months", str(months), "--last-date", LAST.isoformat()),
        )
        bench.yihu("load", "--until", last_date(start - 1).isoformat())
        bench.yihu("night", "--date", last_date(start).isoformat())
        foretold = _foretold(bench)
        bench.yihu("load", "--until", LAST.isoformat())
        found = foretold.merge(_realised(bench, start), on="customer_id", how="left").fillna(
            {"realised": 0.0}
        )
    ours, naive = (_caught(found[name], found["realised"]) for name in ("ours", "naive"))
    cap = found["realised"].quantile(CAP)
    total = found["realised"].clip(upper=cap).sum()
    return {
        "best fifth caught": ours,
        "best fifth caught by the naive baseline": naive,
        "best fifth caught, against the naive baseline": ours / naive,
        "capped total, foretold / realised": float(found["ours"].clip(upper=cap).sum() / total),
        "capped total of the naive baseline": float(found["naive"].clip(upper=cap).sum() / total),
    }


def _foretold(bench: Installation) -> pd.DataFrame:
    """customer_id, ours, naive: money of the months ahead, undiscounted."""
    table = pd.DataFrame(
        bench.ask(
            "select lifetime.customer_id, present_amount + growth_amount, annuity_value, retention_rate, "
            "realised_amount, (select cast(value as decimal(18, 8)) from policy.parameters "
            "where parameter_code = 'lifetime_month_retention_share') "
            "from marts.customer_lifetimes as lifetime"
        ),
        columns=["customer_id", "ahead", "annuity", "retention", "year", "kept"],
    )
    numbers = table.drop(columns="customer_id").astype(float)
    ours = numbers["ahead"] / numbers["annuity"] * _months_kept(numbers["retention"])
    naive = numbers["year"] / 12 * _months_kept(numbers["kept"])
    return pd.DataFrame({"customer_id": table["customer_id"], "ours": ours, "naive": naive})


def _months_kept(retention: pd.Series) -> pd.Series:
    """Of the months ahead, how many a customer of this monthly retention is expected to be there."""
    return sum(retention**month for month in range(1, MONTHS_AHEAD + 1))


def _realised(bench: Installation, start: int) -> pd.DataFrame:
    rows = bench.ask(
        "select customer_id, sum(current_value_amount) from marts.customer_value_months "
        f"where month_number > {start} and month_number <= {start + MONTHS_AHEAD} group by customer_id"
    )
    found = pd.DataFrame(rows, columns=["customer_id", "realised"])
    return found.astype({"realised": float})


def _caught(foretold: pd.Series, realised: pd.Series) -> float:
    """Of those with the highest realised value, the share among those with the highest foretold."""
    count = round(len(realised) * TOP)
    best, named = (
        set(np.argsort(-values.to_numpy(), kind="stable")[:count]) for values in (realised, foretold)
    )
    return len(best & named) / count
