"""Every rule of the delivery gate fits the staged view it judges: its columns are there, its query runs."""

from datetime import date

import pytest
from night_support import begin_night
from psycopg2 import sql
from test_unit_tests import complaints, dbt

from pipelines import landing
from pipelines.gates import load_suites
from pipelines.gates.dates import dates_statement
from pipelines.gates.policy_values import read_policy_values
from pipelines.gates.suites import QUERY, QUERY_TYPE, fill
from pipelines.policy import read_policy, write_policy
from pipelines.settings import ROOT
from pipelines.sources import active_sources, pipeline_sources
from pipelines.warehouse import connect

DAY = {"demo": date(2026, 10, 31), "berka": date(1994, 2, 28)}


@pytest.mark.parametrize("bank", DAY)
def test_rules_fit_the_views_they_judge(make_settings, bank):
    settings, sources = make_settings(bank), active_sources(bank)
    with connect(settings, "yihu_loader") as connection:
        landing.ensure_raw_tables(connection, [*sources, *pipeline_sources()])
        write_policy(connection, read_policy(settings.policy_folder, bank))
    staged = dbt(settings, begin_night(settings, DAY[bank]), "run", "--select", "path:models/staging")
    assert complaints(staged) == ""

    tables = {table.raw_name: table for source in sources for table in source.tables}
    suites = load_suites(ROOT, "delivery", {source.code for source in sources})
    assert {suite.table for suite in suites} == set(tables)
    with connect(settings, "yihu_publisher") as connection, connection.cursor() as cursor:
        policy = read_policy_values(cursor, "policy", DAY[bank])
        names = {"schema": "staging", "policy": "policy", "business_date": f"date '{DAY[bank]}'"}
        for suite in suites:
            relation = sql.Identifier("staging", suite.relation)
            cursor.execute(sql.SQL("select * from {} limit 0").format(relation))
            columns = {column.name for column in cursor.description}
            summed = {suite.sums.get(name, name) for name in tables[suite.table].sums}
            assert summed <= columns, suite.table
            for rule in suite.rules:
                kwargs = fill(rule, policy, names)
                dates = dates_statement(rule, f"select * from staging.{suite.relation}", policy, names)
                assert dates is not None, f"{rule.rule_id} does not tell the dates of what it found"
                cursor.execute(sql.SQL("explain {}").format(dates))
                if rule.type == QUERY_TYPE:
                    cursor.execute("explain " + kwargs[QUERY].format(batch=f"staging.{suite.relation}"))
                    continue
                named = {
                    value for name, value in kwargs.items() if name in ("column", "column_A", "column_B")
                }
                assert named | set(kwargs.get("column_list", ())) <= columns, rule.rule_id
