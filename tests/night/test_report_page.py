"""The report of a passed, a stopped and a warned night of one small bank, opened in a real headless Chromium.

The same pages are the examples under docs/: `make examples` keeps them there.
"""

import os
import re
import shutil
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from chromium import browse, need_chromium
from handmade_deliveries import read_delivery, write_delivery
from night_support import query, run_night
from small_bank import LAST, NEXT, small_bank

from pipelines import nights
from pipelines.gates import GateClosed
from pipelines.gates.waivers import waive
from pipelines.landing import DeliveryError
from pipelines.report import write_report
from pipelines.sources import active_sources, load_source

EXAMPLES = "YIHU_EXAMPLES"  # a folder: keep the pages there
LARGEST = 200_000  # bytes
EXAMPLE_PAGES = ("passed", "stopped", "warned")
PAGES = (*EXAMPLE_PAGES, "missing")
SECRET = "6222O2O2OO112233"  # stands in a number's place: it may be somebody's card number
DATED, NUMBERED = 8, 4  # bad lines of 250 more, by what cannot be read; policy bears one line in a hundred
BAD_LINES = DATED + NUMBERED
PERSONAL = ("full_name", "identity_number", "phone", "email", "address", "manager_name")
RULE = "quarantine_share.core.transactions"


@dataclass(frozen=True)
class Pages:
    """The pages by name, and every clear personal value that was delivered for them."""

    by_name: dict[str, Path]
    personal: set[str]

    def text(self, name: str) -> str:
        return self.by_name[name].read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pages(server, tmp_path_factory) -> Pages:
    folder = tmp_path_factory.mktemp("report")
    with small_bank(server, folder) as bank:
        found = {"passed": keep(bank, folder, "passed", LAST)}
        withhold(bank.landing, folder / "late")
        with pytest.raises(DeliveryError):
            run_night(bank, NEXT)
        found["missing"] = keep(bank, folder, "missing", NEXT)
        shutil.copytree(folder / "late", bank.landing / "crm" / NEXT.isoformat(), dirs_exist_ok=True)
        spoil(bank.landing)
        with pytest.raises(GateClosed):
            run_night(bank, NEXT)
        found["stopped"] = keep(bank, folder, "stopped", NEXT)
        reason = "the source delivers these twelve lines again tomorrow"
        waive(bank, RULE, NEXT, NEXT, reason, "risk officer", "head of risk")
        run_night(bank, NEXT)
        found["warned"] = keep(bank, folder, "warned", NEXT)
        return Pages(found, delivered(bank))


def keep(bank, folder: Path, name: str, day) -> Path:
    """The page of the newest night of a date, written again."""
    ((number,),) = query(bank, "select max(night_id) from ops.nights where business_date = %s", day)
    page = write_report(bank, nights.load_night(bank, number), folder / f"report_{name}.html")
    if os.environ.get(EXAMPLES) and name in EXAMPLE_PAGES:
        shutil.copy(page, Path(os.environ[EXAMPLES]) / page.name)
    return page


def spoil(landing: Path) -> None:
    """Lines that cannot be read among the next day's transactions: too many to pass unseen."""
    table = load_source("core").table("transactions")
    rows = read_delivery(landing, table, NEXT)
    more = [
        rows[number % len(rows)]
        | {"transaction_no": f"X{number:07d}", "amount": "12.50", "transaction_type": "FEE"}
        for number in range(250)
    ]
    for row in more[:DATED]:
        row["transaction_date"] = "02.11.2026"
    for row in more[DATED:BAD_LINES]:
        row["amount"] = SECRET
    write_delivery(landing, table, NEXT, rows + more)


def withhold(landing: Path, aside: Path) -> None:
    """One delivery does not come; what is put aside comes late."""
    shutil.move(landing / "crm" / NEXT.isoformat(), aside)
    shutil.copytree(aside, landing / "crm" / NEXT.isoformat(), ignore=shutil.ignore_patterns("campaigns.*"))


def delivered(bank) -> set[str]:
    """Every name, number, phone and address that lies in the landing folder."""
    found = {SECRET}
    for source in active_sources(bank.bank):
        for table in source.tables:
            columns = [name for name in PERSONAL if name in table.column_names]
            folders = (
                sorted((bank.landing / source.code).iterdir()) if columns and not source.is_pipeline else []
            )
            for day in folders:
                rows = read_delivery(bank.landing, table, nights.date.fromisoformat(day.name))
                # of one letter is dirt: a 0 for a phone
                found |= {row[name] for row in rows for name in columns if len(row[name]) > 1}
    return found


def english(text: str) -> str:
    """What a reader of English sees, the spans taken off."""
    return re.sub(r'<span class="en">(.*?)</span>', r"\1", re.sub(r'<span class="zh">.*?</span>', "", text))


@pytest.mark.parametrize(
    ("name", "colour", "words"),
    [
        ("passed", "good", ("已发布", "Published", "edition_20261101_1", "edition_20261031_1")),
        ("stopped", "bad", ("Not published", "<b>gate_delivery</b>", "edition_20261101_1", RULE)),
        ("warned", "warn", ("Published with warnings", "edition_20261102_1", RULE, "head of risk")),
    ],
)
def test_the_verdict_comes_first(pages, name, colour, words):
    text = pages.text(name)
    for word in words:
        assert word in text
    assert f'class="verdict {colour}"' in text
    assert text.index('id="verdict"') < text.index('id="arrivals"') < text.index('id="failures"')


def test_a_failure_tells_lines_customers_money_and_what_to_do(pages):
    article = re.search(
        rf"<article class=\"bad\">(?:(?!</article>).)*{RULE}.*?</article>", pages.text("stopped"), re.S
    )
    assert article
    text = english(article[0])
    assert f"<b>{BAD_LINES}</b> / " in text
    assert "6…(16)" in text, "a masked sample"
    traced = re.search(
        r"Customers affected: (\d+) \((\d+) / (\d+) lines traced\), holding AUM of [\d,.]+", text
    )
    assert traced
    assert 1 < int(traced[1]) <= BAD_LINES
    assert (traced[2], traced[3]) == (str(BAD_LINES), str(BAD_LINES))
    assert f"Amount (quarantined {Decimal('12.50') * DATED}, difference" in text
    assert "yihu quarantine list" in text
    waived = re.search(rf"<article>(?:(?!</article>).)*{RULE}.*?</article>", pages.text("warned"), re.S)
    assert waived
    assert "已豁免" in waived[0]


def test_a_delivery_that_is_missing_opens_its_source(pages):
    text = english(pages.text("missing"))
    assert "(<b>land</b>)" in text
    assert "crm.campaigns 2026-11-02: the delivery is missing" in text
    assert re.search(r"<details open>\s*<summary><b>Customer relations</b>[^\n]*missing 1<", text)
    assert text.count("<details open>") == 1, "what lies there is not missing"
    delivering = [source for source in active_sources("demo") if not source.is_pipeline]
    assert text.count("there, not landed") == len(delivering)
    assert "<details open>" not in pages.text("stopped"), "it came before the night was run again"


def test_a_stopped_night_shows_the_last_good_edition_and_no_figures_of_its_own(pages):
    text = pages.text("stopped")
    assert "Readers see edition" in text
    assert 'id="tiers"' not in text
    assert 'id="digests"' not in text
    assert 'id="tiers"' in pages.text("warned")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_holds_no_personal_data_and_names_no_host(pages, name):
    text = pages.text(name)
    assert len(pages.personal) > 100
    assert [value for value in pages.personal if value in text] == []
    assert not re.search(r"https?:|(?<![:\w])//\w|@import|url\(|<link|<img|<iframe|<script src", text)
    assert len(text.encode()) < LARGEST


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [390, 1440])
def test_a_page_opens_in_chromium_at_both_widths_in_both_languages(pages, tmp_path, name, width):
    need_chromium()
    for fragment, shown, hidden in (("", "zh", "en"), ("en", "en", "zh")):
        seen = browse(pages.by_name[name], tmp_path, width, fragment, is_dark=fragment == "en")
        assert seen.console == []
        assert int(seen.facts["width"]) == width
        assert int(seen.facts["needs"]) <= width, seen.facts["wide"]
        assert (int(seen.facts[shown]) > 100, int(seen.facts[hidden])) == (True, 0)
        assert seen.facts["lang"] == shown


def test_a_page_is_light_or_dark_as_its_reader_wishes(pages, tmp_path):
    need_chromium()
    inks = {}
    for is_dark in (False, True):
        facts = browse(pages.by_name["passed"], tmp_path, 1440, is_dark=is_dark).facts
        assert facts["dark"] == str(is_dark).lower()
        inks[is_dark] = facts["ground"]
    assert inks[False] == "rgb(0, 0, 0)"
    assert inks[True] == "rgb(255, 255, 255)"


def test_the_browser_would_tell_of_an_error_and_of_a_request(pages, tmp_path):
    """The tests above can fail: a page with both is told of."""
    need_chromium()
    bad = tmp_path / "bad.html"
    planted = (
        '<img src="https://bank.example/a.png"><div style="width:900px">x</div><script>nobody();</script>'
    )
    bad.write_text(pages.text("passed").replace("</body>", f"{planted}</body>"), encoding="utf-8")
    seen = browse(bad, tmp_path, 390)
    assert any("nobody is not defined" in line for line in seen.console)
    assert any("Content Security Policy" in line for line in seen.console)
    assert int(seen.facts["needs"]) > 390
