"""The portrait of a bank, drawn from a small edition made by hand in the shape of the contract."""

import csv
import re
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser

import pytest
import yaml
from click.testing import CliRunner
from handmade_editions import open_night
from psycopg2.extras import execute_values

from pipelines.cli import main
from pipelines.report.portrait import write_portrait
from pipelines.report.portrait_rows import PortraitError
from pipelines.settings import ROOT
from pipelines.warehouse import connect

DAY = date(1994, 2, 28)
FORMER = date(1994, 1, 31)
EDITION = "edition_19940228_1"
CUSTOMERS = 40
CONTRACT = ROOT / "dbt_project" / "models" / "edition" / "_edition.yml"


def codes():
    """The names that policy gives to schemes and tiers."""
    with (ROOT / "policy" / "codes.csv").open(encoding="utf-8", newline="") as file:
        found = [row for row in csv.DictReader(file) if row["code_set"].startswith(("scheme", "tier_"))]
    return [{name: row[name] for name in ("code_set", "code", "name_zh", "name_en", "rank")} for row in found]


def tiers_of(scheme):
    return [row["code"] for row in codes() if row["code_set"] == f"tier_{scheme}"]


SCHEMES = [row["code"] for row in codes() if row["code_set"] == "scheme" and tiers_of(row["code"])]


def values():
    """A value for each customer: the first few cost more than they bring."""
    return [Decimal(number * number - 30) for number in range(CUSTOMERS)]


def rows():
    """Table → its rows, with the columns that matter; all others are 0 or empty."""
    ids = [f"c{number:02}" for number in range(CUSTOMERS)]
    return {
        "codes": codes(),
        "customer_360": [
            {"customer_id": id, "aum_month_average_amount": 1000 * n, "currency_code": "CZK"}
            for n, id in enumerate(ids)
        ],
        "customer_values": [
            {
                "customer_id": id,
                "currency_code": "CZK",
                "revenue_12m_amount": value + 31,
                "deposit_contribution_12m_amount": value + 31,
                "service_cost_12m_amount": 31,
                "current_value_12m_amount": value,
            }
            for id, value in zip(ids, values(), strict=True)
        ],
        "customer_stability": [
            {
                "customer_id": id,
                "stability_score": Decimal(n) / 50 if n % 4 else None,
                "loyalty_score": Decimal(n) / 80,
            }
            for n, id in enumerate(ids)
        ],
        "value_concentrations": [
            {
                "scope_code": scope,
                "scope_id": "*",
                "measure_code": measure,
                "month_end_date": day,
                "business_date": DAY,
                "customer_share": share,
                "reached_customer_share": share,
                "value_share": brought,
                "top_customer_share": Decimal("0.2"),
                "top_value_share": Decimal("0.43"),
            }
            for scope, day in (("bank", DAY), ("bank", FORMER), ("branch", DAY))
            for measure in ("revenue", "contribution")
            for share, brought in ((Decimal("0.5"), Decimal("0.9")), (1, 1))
        ],
        "customer_tiers": [
            {
                "customer_id": id,
                "scheme_code": scheme,
                "tier_code": held,
                "state_code": "watch" if n == 0 else "current",
            }
            for scheme in SCHEMES
            for n, id in enumerate(ids)
            for held in [tiers_of(scheme)[n * n % len(tiers_of(scheme))]]
        ],
        "tier_migrations": [
            {
                "scheme_code": "aum_level",
                "month_end_date": day,
                "from_tier_code": former,
                "to_tier_code": held,
                "customer_count": count,
            }
            for day, former, held, count in (
                (FORMER, "entered", "ordinary", 17),
                (FORMER, "ordinary", "gold", 5),
                (DAY, "ordinary", "gold", 3),
                (DAY, "diamond", "gold", 2),
                (DAY, "gold", "gold", 11),
            )
        ],
    }


@pytest.fixture
def portrayed(make_settings):
    """A bank whose newest edition has the contract's columns; an older one of the same shape is empty."""
    settings = make_settings("berka")
    night = open_night(settings, DAY)
    models = {
        model.get("config", {}).get("alias", model["name"]): model["columns"]
        for model in yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))["models"]
    }
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(f"create schema {EDITION}")
        for table, given in rows().items():
            shape = ", ".join(f"{column['name']} {column['data_type']}" for column in models[table])
            cursor.execute(f"create table {EDITION}.{table} ({shape})")
            names = list(given[0])
            execute_values(
                cursor,
                f"insert into {EDITION}.{table} ({', '.join(names)}) values %s",
                [[row[name] for name in names] for row in given],
            )
            for column in {column["name"] for column in models[table]} - set(names):
                if column.endswith("_amount"):
                    cursor.execute(f"update {EDITION}.{table} set {column} = 0")
        for day, number, state in (
            (DAY, 1, "kept"),
            (FORMER, 1, "kept"),
            (DAY, 2, "rolled_back"),
        ):
            cursor.execute(
                """
insert into ops.editions (
    edition_id, business_date, edition_number, state, cause, night_id, policy_version, model_version,
    code_release
) values (%s, %s, %s, %s, 'night', %s, 'p', 'm', 'r')
                """,
                (f"edition_{day:%Y%m%d}_{number}", day, number, state, night.night_id),
            )
    return settings


class Tables(HTMLParser):
    """The cells of each figure's lists, by the figure's id, and every attribute there is."""

    def __init__(self, text):
        super().__init__()
        self.cells, self.values, self.here, self.inside = {}, [], "", False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.values += [(name, value or "") for name, value in attributes]
        if tag == "figure":
            self.here = dict(attributes).get("id") or "other"
            self.cells.setdefault(self.here, [])
        self.inside = tag in ("td", "th") or (self.inside and tag in ("small", "br"))

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data):
        if self.inside and data.strip():
            self.cells[self.here].append(data.strip())


def test_the_page_holds_every_scheme_with_its_tiers_and_counts(portrayed, tmp_path):
    page = Tables(write_portrait(portrayed, tmp_path / "berka.html").read_text(encoding="utf-8"))
    assert set(page.cells) == {"other", *SCHEMES}
    given = rows()["customer_tiers"]
    for scheme in SCHEMES:
        cells = page.cells[scheme]
        for code in (row for row in codes() if row["code_set"] == f"tier_{scheme}"):
            held = [row for row in given if (row["scheme_code"], row["tier_code"]) == (scheme, code["code"])]
            at = cells.index(code["name_zh"])
            share = f"{len(held) / CUSTOMERS:.1%}"
            watched = sum(row["state_code"] == "watch" for row in held)
            shown = [share, f"关注 watch {watched}"] if watched else [share]
            expected = [code["name_zh"], code["name_en"], str(len(held)), *shown]
            assert cells[at : at + len(expected)] == expected


def test_the_page_tells_value_and_who_moved(portrayed, tmp_path):
    text = write_portrait(portrayed, tmp_path / "berka.html").read_text(encoding="utf-8")
    value = sum(values())
    assert f"<dd>{value:,.0f}</dd>" in text
    assert f"<dd>{value + 31 * CUSTOMERS:,.0f}</dd>" in text, "revenue"
    cells = Tables(text).cells["other"]
    assert cells == [
        "存款贡献",
        "Deposits",
        f"{value + 31 * CUSTOMERS:,.0f}",
        "账户服务成本",
        "Accounts",
        "-1,240",
    ]
    assert f"{sum(amount < 0 for amount in values())} are below zero" in text
    assert "the best 20% bring 43% of revenue; the best 20% bring 43% of current value" in text
    assert "stability is known of 30, loyalty of 40" in text
    assert "8 times up, 2 times down" in text, "who entered did not rise"
    assert ">1994-01<" in text
    assert ">1994-02<" in text


def test_the_page_stands_alone(portrayed, tmp_path):
    text = write_portrait(portrayed, tmp_path / "berka.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|//\w|@import|url\((?!#)|<script|<link|<img|<iframe", text)
    for name, value in Tables(text).values:
        if name.removeprefix("xlink:") in ("href", "src"):
            assert value.startswith("#"), value
    assert len(text.encode()) < 400_000


def test_the_same_edition_gives_the_same_bytes(portrayed, tmp_path):
    first = write_portrait(portrayed, tmp_path / "first.html").read_bytes()
    with connect(portrayed) as connection, connection.cursor() as cursor:  # stored in another order
        for table in rows():
            cursor.execute(
                f"create table {EDITION}.again as select * from {EDITION}.{table} order by md5({table}::text)"
            )
            cursor.execute(f"truncate {EDITION}.{table}")
            cursor.execute(f"insert into {EDITION}.{table} select * from {EDITION}.again")
            cursor.execute(f"drop table {EDITION}.again")
    assert write_portrait(portrayed, tmp_path / "second.html").read_bytes() == first


def test_without_an_edition_the_command_says_what_to_do(settings, tmp_path, monkeypatch):
    with pytest.raises(PortraitError, match="nothing is published yet"):
        write_portrait(settings, tmp_path / "page.html")
    monkeypatch.setenv("YIHU_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("YIHU_VAR", str(settings.var))
    answer = CliRunner().invoke(main, ["portrait", "--out", str(tmp_path / "page.html")])
    assert answer.exit_code == 1
    assert "yihu --bank demo night --date" in answer.output
    assert not (tmp_path / "page.html").exists()
