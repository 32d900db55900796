"""Features that know the future: one value of a code or flag after which too many leave.

A leak may betray some of those who leave and no others, and the ROC AUC of all stays modest. Numbers are not
looked at one by one: who has long been silent does leave, and silence is no leak.
"""

from collections.abc import Iterator

from pipelines.churn.features import FEATURES
from pipelines.churn.frame import Frame
from pipelines.churn.thresholds import Thresholds


def telling_values(frame: Frame, thresholds: Thresholds) -> Iterator[str]:
    """Each value that enough rows show and of which too many left, in words."""
    happened = frame.happened
    for feature in FEATURES:
        if not (feature.is_text or feature.unit == "flag"):
            continue
        column = frame.table[feature.name]
        for value, places in column.groupby(column, sort=True).indices.items():
            share = happened[places].mean()
            if thresholds.is_telling(len(places), share):
                shown = value if feature.is_text else f"{value:g}"
                yield f"{share:.0%} of {len(places)} with {feature.name} {shown} left"
