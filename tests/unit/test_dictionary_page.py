"""docs/dictionary.md names every table that readers can see."""

import re

import yaml

from pipelines.publishing.governance import GOVERNANCE
from pipelines.publishing.shape import HISTORIES, PRIVATE
from pipelines.settings import ROOT

CONTRACT = ROOT / "dbt_project" / "models" / "edition" / "_edition.yml"


def published_name(model):
    """The table's name: a model whose name a mart bears already has it as alias."""
    return model.get("config", {}).get("alias", model["name"])


def test_the_page_names_every_published_table_and_no_other():
    models = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))["models"]
    published = {published_name(model) for model in models} - PRIVATE
    page = (ROOT / "docs" / "dictionary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| .+ \|$", page, re.MULTILINE)
    assert {name for name, _ in rows} == published | set(GOVERNANCE)
    assert all(f"`{name}_history`" in page for name in HISTORIES)


def test_the_page_says_in_chinese_what_the_comments_say():
    models = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))["models"]
    comments = {published_name(model): model["description"] for model in models}
    comments |= {name: view.comment for name, view in GOVERNANCE.items()}
    page = (ROOT / "docs" / "dictionary.md").read_text(encoding="utf-8")
    for name, chinese in re.findall(r"^\| `(\w+)` \| (.+?) \| .+ \|$", page, re.MULTILINE):
        assert comments[name].split(" | ")[0] == chinese, name
