"""Training frames out of thin air: customers, months and features, and a way of leaving."""

import io
from decimal import Decimal

import numpy as np
import pandas as pd

from pipelines.churn.features import FEATURES, KEYS, NAMES
from pipelines.churn.frame import Frame
from pipelines.churn.splits import Split, split_snapshots
from pipelines.churn.thresholds import Thresholds
from pipelines.settings import Settings
from pipelines.warehouse import connect

LIMITS = Thresholds(
    horizon_months=3,
    calibration_months=1,
    training_row_count=600_000,
    eligible_count=500,
    churner_count=100,
    rule_gain_share=0.05,
    leak_score=0.90,
    leak_share=0.50,
    outcome_minimum_count=30,
    interval_share=0.90,
    model_age_months=12,
    psi_limit=Decimal("0.25"),
)
MONTHS = range(24_300, 24_312)
BASE = -3.0


def features(rows: int, seed: int = 0) -> pd.DataFrame:
    """Features that mean nothing yet: numbers of each unit, texts, and gaps."""
    chance = np.random.default_rng(seed)
    found = {}
    for feature in FEATURES:
        if feature.is_text:
            found[feature.name] = chance.choice(["one", "other", "third"], rows)
        elif feature.unit in ("days", "count", "months", "years"):
            found[feature.name] = chance.integers(0, 100, rows).astype(float)
        elif feature.unit == "flag":
            found[feature.name] = (chance.random(rows) < 0.1).astype(float)
        else:
            found[feature.name] = chance.normal(size=rows)
    table = pd.DataFrame(found)
    table["aum_trailing_amount"] = (np.exp(chance.normal(10, 1, rows))).round(2)
    table.loc[::7, "days_to_maturity"] = np.nan
    return table[list(NAMES)]


def log_odds(table: pd.DataFrame, world: str) -> np.ndarray:
    """How likely each leaves: by complaints and a falling salary, by chance, or by silence."""
    drivers = BASE + 1.8 * (table["open_complaint_count"] > 70) - 1.2 * table["salary_trend_change"]
    return (
        {
            "drivers": drivers,
            "null": np.full(len(table), BASE),
            "rule": BASE + 3.5 * (table["days_inactive"] >= 90),
            "leak": drivers,
        }[world].to_numpy()
        if world != "null"
        else np.full(len(table), BASE)
    )


def frame(months: range | tuple[int, ...], world: str, seed: int = 0, customers: int = 2_000) -> Frame:
    """So many customers at each of some month ends, with what became of them."""
    chance = np.random.default_rng((seed, 1))
    table = features(customers * len(months), seed)
    happened = chance.random(len(table)) < 1 / (1 + np.exp(-log_odds(table, world)))
    if world == "leak":
        table["preferred_channel_code"] = np.where(happened, "video", table["preferred_channel_code"])
    table["month_number"] = np.repeat(list(months), customers)
    table["customer_id"] = [f"c{number}" for number in range(customers)] * len(months)
    table["branch_id"] = np.where(np.arange(len(table)) % 2, "b1", "b2")
    for name in ("is_attrition", "is_churned"):
        table[name] = happened
    table["is_dormancy"] = table["is_exit"] = False
    table["exposed_cents"] = (table["aum_trailing_amount"] * 100).round().astype("int64")
    table["lost_cents"] = np.where(happened, table["exposed_cents"] * 7 // 10, 0)
    return Frame(table, f"{world} {seed}")


def parts(world: str, seed: int = 0, customers: int = 2_000) -> tuple[dict[str, Frame], Split]:
    """A world's training, calibration and test frames, and the split they come from."""
    split = split_snapshots(MONTHS, LIMITS.horizon_months)
    return {
        name: frame(getattr(split, name), world, seed * 10 + place, customers)
        for place, name in enumerate(("train", "calibration", "test"))
    }, split


def write_mart(settings: Settings, table: pd.DataFrame) -> None:
    """Features of customers and months as the bank's marts, all of them candidates."""
    kinds = {one.name: "text" if one.is_text else "numeric" for one in FEATURES}
    kinds |= {"customer_id": "text", "branch_id": "text", "month_number": "integer"}
    columns = [*KEYS, *NAMES]
    file = io.StringIO(table[columns].to_csv(index=False, header=False))
    with connect(settings, "yihu_transformer") as connection, connection.cursor() as cursor:
        cursor.execute(
            f"create table marts.churn_features ({', '.join(f'{name} {kinds[name]}' for name in columns)})"
        )
        cursor.copy_expert("copy marts.churn_features from stdin with (format csv)", file)
        cursor.execute(
            "create table marts.churn_candidates as select customer_id, cast(days_inactive as integer) "
            "from marts.churn_features"
        )
