"""Snapshots in time: what is learnt from, what is calibrated on, what is judged by; no label is shared."""

from collections.abc import Iterable
from dataclasses import dataclass


class SplitError(ValueError):
    """Too few snapshots for three parts."""


@dataclass(frozen=True)
class Split:
    """Month numbers of each part, ascending; every label window ends before the next part begins."""

    train: tuple[int, ...]
    calibration: tuple[int, ...]
    test: tuple[int, ...]
    horizon_months: int

    def window(self, month: int) -> range:
        """The months that tell whether a customer of this snapshot left."""
        return range(month + 1, month + self.horizon_months + 1)


def split_snapshots(months: Iterable[int], horizon_months: int, calibration_count: int = 1) -> Split:
    """The last snapshot tests, the ``calibration_count`` before it calibrate, all earlier ones train.

    Between the parts lies at least one horizon, so that what is learnt from was known when the next part
    began. The months left out in between teach nothing. SplitError where a part would be empty.
    """
    known = sorted(set(months))
    if horizon_months < 1 or calibration_count < 1:
        raise SplitError("the horizon and the calibration snapshots are at least one month")
    test = known[-1:]
    before_test = [month for month in known if test and month + horizon_months <= test[0]]
    calibration = before_test[-calibration_count:]
    train = [month for month in before_test if calibration and month + horizon_months <= calibration[0]]
    if not train:
        raise SplitError(
            f"{len(known)} months have labels; with a horizon of {horizon_months} months at least "
            f"{2 * horizon_months + 1} in a row are needed: load more history"
        )
    return Split(tuple(train), tuple(calibration), tuple(test), horizon_months)
