"""Every feature of the churn model has the names in policy that its reasons are worded by."""

import csv

from pipelines.churn.features import FEATURES
from pipelines.settings import ROOT


def rows(file):
    with (ROOT / "policy" / file).open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_every_feature_is_a_code_with_its_names():
    names = [row for row in rows("codes.csv") if row["code_set"] == "churn_feature"]
    assert [(row["code"], row["name_zh"], row["name_en"]) for row in names] == [
        (feature.name, feature.zh, feature.en) for feature in FEATURES
    ]


def test_what_has_no_number_is_told_without_one():
    """A text or a flag would read oddly as the value of a feature."""
    words = {row["reason_code"]: row["template_en"] for row in rows("reasons.csv")}
    for feature in FEATURES:
        if feature.unit in ("code", "flag"):
            assert "{" not in words[f"churn.{feature.name}"]
