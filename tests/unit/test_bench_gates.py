"""The bench of the gates: what it counts of a night."""

import pytest

from benchmarks.gates import share_of_night

STEPS = {"land": 10.0, "gate_delivery": 14.0, "build": 50.0, "gate_edition": 8.0}


@pytest.mark.parametrize(("imported", "share"), [(0.0, 0.22), (5.0, 0.12), (20.0, 0.0)])
def test_an_import_is_taken_off_each_gate(imported: float, share: float) -> None:
    assert share_of_night(STEPS, wall=100.0, imported=imported) == pytest.approx(share)
