"""The tree is clean, and every check finds the breach it is there for."""

import shutil
from functools import cache
from pathlib import Path

import pytest

from pipelines.settings import ROOT

from . import model_checks, python_checks, secret_checks, word_checks
from .tree import read_whitelist

CHECKS = {
    check.__name__: check
    for check in (
        model_checks.thresholds,
        model_checks.model_names,
        model_checks.one_direction,
        model_checks.portable_sql,
        model_checks.ordered_nulls,
        model_checks.model_shape,
        model_checks.descriptions,
        python_checks.dag_posters,
        python_checks.import_direction,
        python_checks.clock_and_chance,
        python_checks.exact_money,
        secret_checks.secrets_kept_out,
        word_checks.expectation_rules,
        word_checks.policy_names,
        word_checks.loose_ends,
        word_checks.model_homes,
    )
}
HOUSE = ("dbt_project", "dags", "pipelines", "expectations", "policy")
WHITELIST = read_whitelist(Path(__file__).with_name("whitelist.yml"))


@pytest.mark.parametrize("name", CHECKS)
def test_the_house_is_in_order(name):
    offences = [row for row in CHECKS[name](ROOT) if not any(allowed.covers(row) for allowed in WHITELIST)]
    assert not offences, "\n" + "\n".join(map(str, offences))


def test_every_exception_is_still_needed():
    idle = [allowed for allowed in WHITELIST if not any(map(allowed.covers, CHECKS[allowed.check](ROOT)))]
    assert idle == []


MARTS = "dbt_project/models/marts"
RULE = "{id: a, dimension: validity, severity: info, owner: Data, zh: 中, en: e, type: t}"
DAG = '"""A poster."""\nfrom airflow.sdk import task\n'

BREACHES = [
    # a number a committee could change
    ("thresholds", f"{MARTS}/planted.sql", "select 1 from a where b > 100000", "100000"),
    ("thresholds", f"{MARTS}/planted.sql", "select b * 0.25 from a", "0.25"),
    ("thresholds", f"{MARTS}/planted.sql", "select 1 from a where b >= '50'", "50"),
    ("thresholds", f"{MARTS}/planted.sql", "{% set top = 5 %} select {{ top }}", "5"),
    ("thresholds", "dbt_project/models/edition/planted.sql", "select b + 7 from a", "7"),
    ("thresholds", "dbt_project/models/intermediate/planted.sql", "select b + 7 from a", "7"),
    # names
    ("model_names", f"{MARTS}/fct_customers.sql", "select 1", "fct_customers is not a plural noun"),
    ("model_names", f"{MARTS}/customer.sql", "select 1", "customer is not a plural noun"),
    ("model_names", f"{MARTS}/Customers.sql", "select 1", "Customers is not lower case with underscores"),
    (
        "model_names",
        "dbt_project/models/staging/core/stg_core_things.sql",
        "select 1",
        "stg_core_things is not stg_core__<entity>s",
    ),
    (
        "model_names",
        "dbt_project/models/intermediate/int_customer_latest.sql",
        "select 1",
        "int_customer_latest is not int_<entity>s_<verb>ed",
    ),
    (
        "model_names",
        "dbt_project/models/edition/customer_360_v2.sql",
        "select 1",
        "customer_360_v2 is not a published table",
    ),
    ("model_names", "dbt_project/models/tmp/things.sql", "select 1", "tmp is not a room"),
    # direction
    (
        "one_direction",
        f"{MARTS}/planted.sql",
        "select 1 from {{ source('core', 'customers') }}",
        "source('core'",
    ),
    ("one_direction", f"{MARTS}/planted.sql", "select 1 from {{ landed('core', 'customers') }}", "landed("),
    ("one_direction", f"{MARTS}/planted.sql", "select 1 from raw.core__customers", "raw.core__customers"),
    ("one_direction", f"{MARTS}/planted.sql", "select 1 from a join marts.customers", "marts.customers"),
    # SQL of one engine
    ("portable_sql", f"{MARTS}/planted.sql", "select a::date from b", "::"),
    ("portable_sql", f"{MARTS}/planted.sql", 'select "a" from b', "quoted identifier"),
    ("portable_sql", f"{MARTS}/planted.sql", "select distinct on (a) a from b", "distinct on"),
    ("portable_sql", f"{MARTS}/planted.sql", "select array[a] from b", "array["),
    ("portable_sql", f"{MARTS}/planted.sql", "select a from generate_series(a, b)", "generate_series"),
    ("portable_sql", f"{MARTS}/planted.sql", "select unnest(a) from b", "unnest"),
    ("portable_sql", f"{MARTS}/planted.sql", "select a -> 'k' from b", "json"),
    ("portable_sql", f"{MARTS}/planted.sql", "select now() from b", "the clock"),
    ("portable_sql", f"{MARTS}/planted.sql", "select current_date", "the clock"),
    ("portable_sql", f"{MARTS}/planted.sql", "select a ~ 'x' from b", "~"),
    ("portable_sql", f"{MARTS}/planted.sql", r"select '\d' from b", "backslash"),
    ("portable_sql", "dbt_project/macros/planted.sql", "select a::date from b", "::"),
    (
        "ordered_nulls",
        f"{MARTS}/planted.sql",
        "select rank() over (partition by a order by b desc, c nulls last rows 1 preceding) from d",
        "order by b desc",
    ),
    ("model_shape", f"{MARTS}/planted.sql", "{{ config(materialized='table') }} select 1", "config()"),
    ("model_shape", f"{MARTS}/planted.sql", "select 1\n" + "\n" * 100, "101 lines"),
    ("descriptions", f"{MARTS}/planted.sql", "select 1", "no description"),
    (
        "model_homes",
        f"{MARTS}/_planted.yml",
        "models: [{name: nowhere}]",
        "nowhere is described but does not exist",
    ),
    # the poster
    ("dag_posters", "dags/planted.py", "from airflow.sdk import task\n", "no docstring"),
    ("dag_posters", "dags/planted.py", DAG + "import pandas\n", "import pandas at the top"),
    ("dag_posters", "dags/planted.py", DAG + "from pipelines import nights\n", "import pipelines at the top"),
    ("dag_posters", "dags/planted.py", DAG + "@task\ndef a():\n  for b in c: d(b)\n", "logic: For"),
    ("dag_posters", "dags/planted.py", DAG + "@task\ndef a():\n  if b: c()\n", "logic: If"),
    ("dag_posters", "dags/planted.py", DAG + "@task\ndef a(b):\n  return b * c\n", "logic: BinOp"),
    ("dag_posters", "dags/planted.py", DAG + "def a():\n  return [b for b in c]\n", "logic: ListComp"),
    (
        "dag_posters",
        "dags/planted.py",
        DAG + "@task.python()\ndef a():\n  b()\n  c()\n  d()\n",
        "task a does more than call",
    ),
    ("dag_posters", "dags/planted.py", DAG + "\n" * 99, "101 lines"),
    ("dag_posters", "dags/dbt_planted.py", DAG, "dbt imports every module named dbt_*"),
    # Python
    (
        "import_direction",
        "pipelines/planted.py",
        "import dags.customer_nightly",
        "import dags.customer_nightly",
    ),
    (
        "import_direction",
        "pipelines/planted.py",
        "def a():\n  from dbt_project import b",
        "import dbt_project",
    ),
    (
        "clock_and_chance",
        "pipelines/planted.py",
        "import datetime as d\nd.datetime.now()",
        "datetime.datetime.now",
    ),
    (
        "clock_and_chance",
        "pipelines/planted.py",
        "from datetime import date\ndate.today()",
        "datetime.date.today",
    ),
    ("clock_and_chance", "pipelines/planted.py", "from time import time\ntime()", "time.time"),
    ("clock_and_chance", "pipelines/planted.py", "import random\nrandom.random()", "random.random"),
    ("clock_and_chance", "pipelines/planted.py", "from random import choice\nchoice([1])", "random.choice"),
    ("clock_and_chance", "pipelines/planted.py", "import random\nrandom.Random()", "random.Random"),
    (
        "clock_and_chance",
        "pipelines/planted.py",
        "import numpy as np\nnp.random.default_rng()",
        "numpy.random.default_rng",
    ),
    ("clock_and_chance", "pipelines/planted.py", 'a("select now()")', "SQL now()"),
    ("exact_money", "pipelines/planted.py", "float(row.balance_amount)", "float(row.balance_amount)"),
    ("exact_money", "pipelines/planted.py", "def a(balance: float): ...", "balance: float"),
    # rules and words
    (
        "expectation_rules",
        "expectations/edition/planted.yml",
        f"table: planted\nrules: [{RULE.replace('owner: Data', 'owner: ~')}]",
        "a: no owner",
    ),
    (
        "expectation_rules",
        "expectations/edition/planted.yml",
        f"table: planted\nrules: [{RULE.replace('info', 'grave')}]",
        "a: severity grave is unknown",
    ),
    (
        "expectation_rules",
        "expectations/edition/planted.yml",
        f"table: planted\nrules: [{RULE}, {RULE}]",
        "a: id is also used in expectations/edition/planted.yml",
    ),
    ("policy_names", f"{MARTS}/planted.sql", "select {{ policy_value('no_such_share') }}", "no_such_share"),
    (
        "policy_names",
        "policy/planted/parameters.csv",
        "parameter_code,value\nnever_read_days,3\n",
        "never_read_days is read by nothing",
    ),
    ("loose_ends", "pipelines/planted.py", "# TO" + "DO: later", "TO" + "DO"),
    # keys and passwords
    (
        "secrets_kept_out",
        "pipelines/planted.py",
        "# -----BEGIN EC " + "PRIVATE KEY-----\n",
        "-----BEGIN EC " + "PRIVATE KEY-----",
    ),
    ("secrets_kept_out", "policy/planted.csv", "a,AKIA" + "2" * 16, "AKIA" + "2" * 16),
    ("secrets_kept_out", "dags/planted.yml", "hmac_key: '" + "rosebud7" * 2 + "'", "rosebud7" * 2),
    ("secrets_kept_out", "dags/planted.cfg", "url = postgresql://a:" + "rosebud@h/b", "rosebud"),
    ("secrets_kept_out", "dags/planted.txt", "fernet " + "k" * 43 + "=", "k" * 39 + "k"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the house to plant in, and what each check found there before."""
    root = tmp_path_factory.mktemp("house")
    for folder in HOUSE:
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", "target"))
    return root, cache(lambda name: set(CHECKS[name](root)))


@pytest.mark.parametrize(("name", "path", "text", "finding"), BREACHES)
def test_a_planted_breach_is_found(copy, name, path, text, finding):
    root, found_before = copy
    before, planted = found_before(name), root / path
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(text, encoding="utf-8")
    try:
        found = set(CHECKS[name](root)) - before
    finally:
        planted.unlink()
    assert [(row.path, row.finding) for row in found] == [(path, finding)]


HARMLESS = [
    (
        "thresholds",
        f"{MARTS}/planted.sql",
        "-- 5 of them\nselect cast(a as decimal(18, 2)) + 1 - 12 * 0 as a_12m",
    ),
    ("thresholds", "dbt_project/models/staging/core/planted.sql", "select substr(a, 3, 2)"),
    ("portable_sql", f"{MARTS}/planted.sql", "-- a::date, the reader's\nselect 'now()x'".replace("()", "")),
    ("portable_sql", f"{MARTS}/planted.sql", "select {{ 'a' ~ \"b\" }} from c"),
    (
        "one_direction",
        f"{MARTS}/planted.sql",
        "select extract(day from a.b) from {{ source('policy', 'bands') }}",
    ),
    ("one_direction", f"{MARTS}/planted.sql", "select 1 from a where b is distinct from c.d"),
    (
        "ordered_nulls",
        f"{MARTS}/planted.sql",
        "select 1 over (order by f(a, b) desc nulls last, c nulls first)",
    ),
    ("dag_posters", "dags/planted.py", DAG + "@task\ndef a():\n  from pipelines import b\n  return b.c()\n"),
    ("clock_and_chance", "pipelines/planted.py", "import random, time\nrandom.Random(7)\ntime.monotonic()"),
    ("expectation_rules", "expectations/edition/planted.yml", f"table: planted\nrules: [{RULE}]"),
    ("secrets_kept_out", "dags/planted.py", "url = f'postgresql://{user}:{password}@{host}'\n"),
    ("secrets_kept_out", "docs/planted.md", "postgresql://user:password@host/bank, `${YIHU_PASSWORD}`\n"),
]


@pytest.mark.parametrize(("name", "path", "text"), HARMLESS)
def test_what_is_allowed_is_not_reported(tmp_path, name, path, text):
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(text, encoding="utf-8")
    assert list(CHECKS[name](tmp_path)) == []
