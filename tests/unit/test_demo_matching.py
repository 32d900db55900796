"""The starting model: made again from a small demo bank, and what the shipped one finds in it."""

import json

import pytest

from benchmarks.demo_matching import AIM_PRECISION, STARTING, find
from benchmarks.demo_records import write_demo_records
from benchmarks.starting_model import starting_content
from pipelines.identity.arrivals import customer_rules
from pipelines.identity.matching.engine import comparisons_of_rules
from pipelines.identity.matching.model import model_of


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return write_demo_records(tmp_path_factory.mktemp("demo"), 1000)


def test_the_shipped_model_joins_no_strangers_and_misses_few(records):
    found = find(records)
    assert found.precision >= AIM_PRECISION
    assert found.by_numbers[2] >= 0.99
    assert min(found.by_numbers.values()) >= 0.85
    assert {"undisturbed", "number_missing", "phone_of_relative"} <= set(found.by_disturbance)
    assert found.by_disturbance["number_small_x"] >= 0.99


def shape(value):
    """Keys and lengths of a model, without its numbers."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    return [shape(part) for part in value] if isinstance(value, list) else type(value)


def test_a_model_made_again_has_the_shape_of_the_shipped_one(records):
    content = starting_content(records)
    made, shipped = json.loads(content), json.loads(STARTING.read_text("utf-8"))
    assert shape(made) == shape(shipped)
    for part in ("settings", "blocking", "prior", "is_counted"):
        assert made[part] == shipped[part]
    model = model_of(content, comparisons_of_rules(customer_rules()))
    for shares in (*model.m.values(), *model.u.values(), *model.home.values()):
        assert sum(shares) == pytest.approx(1, abs=1e-4)
