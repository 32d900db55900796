"""Law 3: a list of months found out while a query runs keeps it from reading the months before them."""

import re

from jinja2 import Template

from pipelines.settings import ROOT
from pipelines.warehouse import connect

MACROS = re.compile(r"{% macro (?:is_among|pruned_to)\(.*?endmacro %}", re.DOTALL)
MONTHS = range(1, 6)


def test_partitions_before_the_first_month_asked_for_are_not_read(settings):
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "create temporary table mart (month_number integer) partition by list (month_number);"
            "create temporary table asked (month_number integer); insert into asked values (4), (5)"
        )
        for month in MONTHS:
            cursor.execute(
                f"create temporary table mart_m{month} partition of mart for values in ({month});"
                f"insert into mart_m{month} values ({month})"
            )
        cursor.execute(f"explain (analyze, costs off) select from mart where {pruned()}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    read = re.findall(r"on mart_m(\d) (?!.*never executed)", plan)
    assert set(map(int, read)) == {4, 5}


def pruned() -> str:
    """The condition as the models write it."""
    macros = "".join(MACROS.findall((ROOT / "dbt_project/macros/portable.sql").read_text()))
    call = "{{ pruned_to('mart.month_number', 'select asked.month_number from asked') }}"
    return Template(macros + call).render()
